import type { PolicyAt } from '../../secrets/policy-timeline.ts';
import type {
  AccessRecord,
  GrantDay,
  ReportingPeriod,
  SettingLook,
  TableLook,
  UnseenPart,
} from '../model/audited-period.ts';
import type { NotSeenReason, Posture, Seen, VaultPosture } from '../model/posture.ts';
import { createSetupLooks } from './setup-looks.ts';
import { type EffectiveReader, effectiveReaders, type ReaderGrant } from './effective-readers.ts';
import { policyAccess } from './policy-access.ts';

const reasons: Readonly<Record<NotSeenReason, string>> = {
  'access-denied': 'the identity may not read them: it needs the role Reader on the subscription',
  unreachable: 'Azure did not answer',
  'not-configured': 'the settings do not name the resource id of the vault',
  'not-there': 'the subscriptions of the vaults have no such resource',
  unreadable: 'the answer was not understood',
};

/** Keeps the grants of each day and the looks at settings, of the vaults of a report, and what was not seen. */
export function createAccessRecord(
  vaults: ReadonlySet<string>,
  period: ReportingPeriod,
  policyAt: PolicyAt,
): { look(posture: Posture): void; record(): AccessRecord } {
  const grantDays = new Map<string, GrantDay>();
  const settingLooks: SettingLook[] = [];
  const tableLooks: TableLook[] = [];
  const setups = createSetupLooks();
  const notSeen = new Map<string, { readonly about: UnseenPart['about']; looks: number }>();
  let isAny = false;

  function note(about: UnseenPart['about'], what: string, part: Seen<unknown>): void {
    if (part.outcome === 'not-seen') count(about, `${what} could not be seen, because ${reasons[part.because]}`);
  }

  function count(about: UnseenPart['about'], says: string): void {
    const known = notSeen.get(says);
    if (known === undefined) notSeen.set(says, { about, looks: 1 });
    else known.looks += 1;
  }

  return {
    look(posture) {
      for (const one of posture.vaults.filter(({ vault }) => vaults.has(vault))) setups.look(posture.at, one);
      if (Date.parse(posture.at) < period.from.getTime()) return;
      isAny = true;
      const { at, workspaceTables, subscriptions } = posture;
      for (const { subscription, vaults: found, changes } of subscriptions) {
        note('vaults', `the vaults of the subscription ${subscription}`, found);
        note('changes', `changes of grants in the subscription ${subscription}`, changes);
      }
      if (workspaceTables.outcome === 'seen') tableLooks.push(...workspaceTables.value.map((one) => ({ at, ...one })));
      // Without a workspace in the settings there are no tables to look at.
      if (workspaceTables.outcome === 'seen' || workspaceTables.because !== 'not-configured')
        note('tables', "the plan and retention of the log's tables", workspaceTables);
      for (const one of posture.vaults.filter(({ vault }) => vaults.has(vault))) {
        const { vault, setup, diagnosticSettings, requests } = one;
        const readers = secretsOf(posture, one).map((secret) =>
          effectiveReaders(posture, { vault, secret }, new Date(at)),
        );
        for (const seen of readers) {
          if (seen.outcome !== 'seen') continue;
          // What was too much in the morning was so on that day, whatever the evening's look or policy says.
          for (const day of daysOf(at, one, seen.value, policyAt))
            if (day.why !== null || grantDays.get(day.id)?.why == null) grantDays.set(day.id, day);
        }
        for (const principalId of untold(readers))
          count('grants', `whether ${principalId} can read in ${vault} could not be seen, because ${untoldReason}`);
        if (readers[0] !== undefined) note('grants', `grants on ${vault}`, readers[0]);
        note('setup', `the setup of ${vault}`, setup);
        note('settings', `the diagnostic settings of ${vault}`, diagnosticSettings);
        note('metric', `the request metric of ${vault}`, requests);
        if (diagnosticSettings.outcome === 'seen') {
          settingLooks.push({ at, vault, sent: diagnosticSettings.value.some(({ audits }) => audits) });
        }
      }
    },
    record: () => ({
      grantDays: [...grantDays.values()],
      settingLooks,
      tableLooks,
      setupLooks: setups.within(period),
      notSeen: isAny
        ? [...notSeen].map(([says, { about, looks }]) => ({
            about,
            says: looks === 1 ? says : `${says} (${String(looks)} looks)`,
          }))
        : [{ about: 'looks', says: 'nobody looked at grants in the period' }],
    }),
  };
}

const untoldReason = 'Azure did not show the members of a group, a role or a denial';

/** Those of whom nobody can tell whether they can read. */
function untold(readers: readonly Seen<readonly EffectiveReader[]>[]): ReadonlySet<string> {
  const seen = readers.flatMap((one) => (one.outcome === 'seen' ? one.value : []));
  return new Set(seen.filter(({ verdict }) => verdict === 'cannot-tell').map(({ principalId }) => principalId));
}

/** `null` for the whole vault, and each secret on which an assignment lies. */
function secretsOf({ subscriptions }: Posture, { resourceId }: VaultPosture): readonly (string | null)[] {
  const start = `${resourceId ?? ''}/secrets/`;
  const scopes = subscriptions.flatMap(({ assignments }) =>
    assignments.outcome === 'seen' ? assignments.value.map(({ scope }) => scope) : [],
  );
  const names = scopes.filter((scope) => scope.startsWith(start)).map((scope) => scope.slice(start.length));
  return [null, ...new Set(names)];
}

function daysOf(
  at: string,
  vault: VaultPosture,
  readers: readonly EffectiveReader[],
  policyAt: PolicyAt,
): readonly GrantDay[] {
  return readers.flatMap(({ principalId, grants }) =>
    grants.map((grant): GrantDay => {
      const { role, scope, reach, group, id, verdict } = grant;
      const day = at.slice(0, 10);
      const why = verdict === 'may-read' ? excessOf(policyAt(at), principalId, vault, grant) : null;
      return {
        id: `${principalId} ${id} ${day}`,
        day,
        at,
        vault: vault.vault,
        principalId,
        role,
        scope,
        reach,
        group,
        verdict,
        why,
      };
    }),
  );
}

/** Why a grant is more than the policy opens; `null` if it is not. */
function excessOf(
  policy: ReturnType<PolicyAt>,
  principalId: string,
  { vault, staging }: VaultPosture,
  { reach, scope }: ReaderGrant,
): string | null {
  const identity = policy.identities.get(principalId);
  if (identity === undefined) return 'the policy does not list the identity';
  if (identity.role === 'rotator' || identity.role === 'platform') return null;
  if (reach !== 'secret') {
    if (identity.role === 'runner') return 'a runner can read every secret of the vault';
    return staging ? 'it reaches values that wait to be published' : null;
  }
  const secret = scope.split('/').at(-1) ?? '';
  // Which secrets are Keyturn's own is not part of a look, so a reporter's grant on one secret is taken for one of them.
  const isOwn = identity.role !== 'runner';
  const access = policyAccess(policy, principalId, { vault, secret, isOwn });
  return access === 'forbidden' ? 'the policy opens the secret to none of its repositories' : null;
}
