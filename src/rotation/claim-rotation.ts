import type { Person } from '../provenance/person.ts';
import { ServiceError } from '../service-error.ts';
import { claimsOfTheDay, dayLimitUntil } from './day-limit.ts';
import type { ClaimedMember, RotationClaim, RotationFacts } from './journal-entry.ts';
import { exists, idAwayFromNewest, lostRotation } from './lost-rotation.ts';
import { restAfterRollBack } from './rest-after-roll-back.ts';
import { rotationOf } from './rotation.ts';
import { parseAttemptId } from './rotation-id.ts';
import { appendEntry, readJournal } from './rotation-journal.ts';
import type { RotationTools } from './rotation-tools.ts';
import { type RotationUnit, bindingKey, issuerOf, targetKeyOf } from './rotation-unit.ts';
import type { SecretVersion } from './ports/secret-store.ts';
import { tightenedBinding } from '../secrets/tightened-binding.ts';
import { tagFaults } from './tag-faults.ts';
import { changeUnit, readUnit } from './unit-record.ts';
import { latestOf, requireClockAgreement } from './vault-access.ts';

/** Who wants a rotation, and why. */
export interface RotationWish {
  readonly trigger: RotationClaim['trigger'];
  readonly reason: string | null;
  readonly askedBy: Person | null;
  /** No grace, no minimum age: the value has leaked. */
  readonly emergency: boolean;
}

export type Claimed =
  | { readonly outcome: 'claimed' | 'open'; readonly rotationId: string }
  /** The newest version is of a rotation that the journal has lost: it is rebuilt before anything else is done. */
  | { readonly outcome: 'frozen'; readonly rotationId: string }
  /** As many rotations as the policy allows in a day were claimed, or the last one was rolled back within the day. */
  | { readonly outcome: 'paced'; readonly from: Date };

/**
 * Begins the one rotation away from the versions that stand now, or finds the one that is under way.
 * Exactly one of any number of workers claims. Whether it is due is the caller's question.
 * @throws ServiceError `ISSUER_UNKNOWN`, `ISSUER_TARGET_REFUSED`, `SECRET_ABSENT`, `CLOCK_DISAGREES`, or as the vault does.
 */
export async function claimRotation(tools: RotationTools, unit: RotationUnit, wish: RotationWish): Promise<Claimed> {
  const issuer = issuerOf(unit, tools.issuers, tools.policy);
  const { open, ended } = await readUnit(tools.records, unit.key);
  const newest: SecretVersion[] = [];
  for (const { vault, name } of unit.members) {
    newest.push(await latestOf(tools, { vault, secret: name }));
    requireClockAgreement(tools, vault);
  }
  const rotationId = idAwayFromNewest(tools, unit, newest);
  for (const underWay of open.filter((one) => one !== rotationId)) {
    if (await exists(tools, underWay)) return { outcome: 'open', rotationId: underWay };
  }
  const members = await Promise.all(unit.members.map((member, index) => claimedMember(tools, member, newest[index])));
  const claim = claimOf(unit, members, newest);
  const lost = await lostRotation(tools, unit, newest);
  if (lost !== null) {
    await append(lost.rotationId, { ...claim, members: lost.members }, 'frozen');
    return { outcome: 'frozen', rotationId: lost.rotationId };
  }
  if (await exists(tools, rotationId)) {
    await list(rotationId);
    return { outcome: 'open', rotationId };
  }
  const from = wish.trigger === 'person' ? null : await restAfterRollBack(tools, ended);
  if (from !== null) return { outcome: 'paced', from };
  const held = await pace(tools, unit, rotationId, { open, emergency: wish.emergency });
  if (held !== null) return held;
  return { outcome: (await append(rotationId, claim, 'claimed')) ? 'claimed' : 'open', rotationId };

  function claimOf(
    of: RotationUnit,
    claimed: readonly ClaimedMember[],
    versions: readonly SecretVersion[],
  ): RotationClaim {
    const [primary] = of.members;
    const tightened = of.members.map((one, index) => tightenedBinding(one, versions[index]?.tags ?? {}).binding ?? one);
    return {
      unit: of.key,
      members: claimed as RotationClaim['members'],
      issuer: issuer.name,
      credentialClass: issuer.credentialClass,
      targetKey: targetKeyOf(of, issuer),
      environment: primary.environment,
      ...wish,
      validityMs: Math.min(...tightened.map(({ validityMs }) => validityMs)),
      graceMs: wish.emergency ? 0 : Math.max(...of.members.map(({ graceMs }) => graceMs)),
      consumersLifetimeMs: wish.emergency ? 0 : Math.max(...of.members.map((one) => one.consumersLifetimeMs)),
    };
  }

  /** The tags of the versions that are rotated away from that had not the effect that was wanted of them. */
  function disobeyed(): Pick<RotationFacts, 'reasons'> {
    const reasons = unit.members.flatMap((member, index) =>
      tagFaults(member, newest[index]?.tags ?? {}).map(
        ({ tag, error }) => `${error.code} ${tag} ${bindingKey(member)}`,
      ),
    );
    return reasons.length === 0 ? {} : { reasons };
  }

  /** Puts a rotation on the unit's list, from which the reconciler goes on with it. */
  async function list(id: string): Promise<void> {
    await changeUnit(tools.records, unit.key, (one) =>
      one.open.includes(id) ? one : { ...one, open: [...one.open, id] },
    );
  }

  async function append(id: string, begun: RotationClaim, state: 'claimed' | 'frozen'): Promise<boolean> {
    await changeUnit(tools.records, unit.key, (one) =>
      one.open.includes(id) ? one : { ...one, open: [...one.open, id] },
    );
    const entry = { attempt: 1, fence: 0, at: tools.now().toISOString(), kind: 'outcome', act: 'claim' } as const;
    try {
      await appendEntry(tools.records, id, [], {
        ...entry,
        step: 'claimed',
        state,
        facts: { claim: begun, ...(state === 'claimed' ? disobeyed() : {}) },
        operations: [],
      });
      return true;
    } catch (error) {
      if (ServiceError.is(error, 'JOURNAL_CONFLICT')) return false;
      throw error;
    }
  }
}

/** What is known of the version in force: from the journal of the rotation that published it, else from its tags. */
async function claimedMember(
  tools: RotationTools,
  { vault, name }: { vault: string; name: string },
  newest: SecretVersion | undefined,
): Promise<ClaimedMember> {
  const fromVersion = newest?.version ?? '';
  const tagged = newest?.tags['CredentialId'] ?? null;
  const publisher = parseAttemptId(newest?.tags['rotation-id']);
  const entries = publisher === null ? [] : await readJournal(tools.records, publisher.rotationId);
  const rotation = publisher === null || entries.length === 0 ? null : rotationOf(publisher.rotationId, entries);
  const isPublished = rotation?.published.get(bindingKey({ vault, name })) === fromVersion;
  const credentialId = isPublished ? (rotation?.credentialId ?? null) : null;
  if (credentialId !== null)
    return { vault, secret: name, fromVersion, fromCredentialId: credentialId, knownFrom: 'journal' };
  const knownFrom = tagged === null ? 'nowhere' : 'tag';
  return { vault, secret: name, fromVersion, fromCredentialId: tagged, knownFrom };
}

/**
 * Counts this rotation against the day's number, once; gives what keeps it from being claimed, or `null`.
 * `open`: the unit's list as the claim looked at it. What is on it since was claimed by another worker, away from a version that
 * stood earlier: two rotations of one unit must never be under way.
 */
async function pace(
  tools: RotationTools,
  unit: RotationUnit,
  rotationId: string,
  { open, emergency }: { readonly open: readonly string[]; readonly emergency: boolean },
): Promise<Claimed | null> {
  const now = tools.now();
  let held: Claimed | null = null;
  await changeUnit(tools.records, unit.key, (before) => {
    held = null;
    const newer = before.open.find((one) => one !== rotationId && !open.includes(one));
    if (newer !== undefined) {
      held = { outcome: 'open', rotationId: newer };
      return before;
    }
    if (before.open.includes(rotationId)) return before;
    const from = dayLimitUntil(unit, before, now);
    if (from !== null && !emergency) {
      held = { outcome: 'paced', from };
      return before;
    }
    const claimedAt = [...claimsOfTheDay(before, now), now.toISOString()];
    return { ...before, open: [...before.open, rotationId], claimedAt };
  });
  return held;
}
