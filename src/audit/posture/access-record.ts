import type { PolicyAt } from '../../secrets/policy-timeline.ts';
import type {
  AccessRecord,
  GrantDay,
  ReportingPeriod,
  SettingLook,
  TableLook,
  UnseenPart,
} from '../model/audited-period.ts';
import type { NotSeenReason, Posture, Seen } from '../model/posture.ts';
import { grantsAt, readersByScope } from './grant-days.ts';
import { createSetupLooks } from './setup-looks.ts';
import type { EffectiveReader } from './effective-readers.ts';

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
        const readers = readersByScope(posture, one);
        for (const seen of readers) {
          if (seen.outcome !== 'seen') continue;
          // What was too much in the morning was so on that day, whatever the evening's look or policy says.
          for (const { day } of grantsAt(at, one, seen.value, policyAt))
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
        : [{ about: 'looks', says: 'nobody looked at grants and settings in the period' }],
    }),
  };
}

const untoldReason = 'Azure did not show the members of a group, a role or a denial';

/** Those of whom nobody can tell whether they can read. */
function untold(readers: readonly Seen<readonly EffectiveReader[]>[]): ReadonlySet<string> {
  const seen = readers.flatMap((one) => (one.outcome === 'seen' ? one.value : []));
  return new Set(seen.filter(({ verdict }) => verdict === 'cannot-tell').map(({ principalId }) => principalId));
}
