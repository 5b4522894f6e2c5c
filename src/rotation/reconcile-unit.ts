import { ServiceError } from '../service-error.ts';
import { adoptDuplicates } from './adopt-duplicates.ts';
import { advanceRotation } from './advance-rotation.ts';
import { claimRotation } from './claim-rotation.ts';
import { findLeftovers } from './find-leftovers.ts';
import { takeLease } from './lease.ts';
import { lostRotation } from './lost-rotation.ts';
import type { PassNotes } from './reconcile-rotations.ts';
import { removeLeftovers } from './remove-leftovers.ts';
import { type Rotation, hasEnded, rotationOf } from './rotation.ts';
import { parseAttemptId } from './rotation-id.ts';
import { readJournal } from './rotation-journal.ts';
import { hasReached } from './history/rotation-steps.ts';
import type { RotationTools } from './rotation-tools.ts';
import { type RotationUnit, issuerOf } from './rotation-unit.ts';
import { openWork } from './rotation-work.ts';
import type { SecretVersion } from './ports/secret-store.ts';
import { unitDueness } from './unit-dueness.ts';
import { type UnitRecord, changeUnit, readUnit } from './unit-record.ts';

/** How often a unit in which nothing happens is searched for leftovers. */
const sweepMs = 21_600_000;
/** Event Grid's own budget for one rotation is fifteen seconds; a pass may take longer over one. */
const perRotationMs = 60_000;

/**
 * What a pass does for one unit: goes on with what is open, rebuilds what the journal lost, claims what is due, sweeps.
 * `newest`: the newest versions of its members, of those that are there. `end`: on the clock that is never set.
 */
export async function reconcileUnit(
  tools: RotationTools,
  unit: RotationUnit,
  newest: readonly SecretVersion[],
  notes: PassNotes,
  end: number,
): Promise<void> {
  const record = await readUnit(tools.records, unit.key);
  const lost = await unlisted(tools, unit, newest, record);
  const open: Rotation[] = [];
  let hasEndedNow = false;
  for (const rotationId of new Set([...record.open, ...lost])) await advance(rotationId);
  // `newest` may be minutes old by now: what lies behind a rotation that ended just now is the next pass's.
  if (!hasEndedNow && open.length === 0 && isUnitDue(tools, unit, newest)) {
    notes.count('due');
    const claimed = await claimRotation(tools, unit, {
      trigger: 'reconciler',
      reason: null,
      askedBy: null,
      emergency: false,
    });
    if (claimed.outcome === 'claimed') notes.count('claimed');
    if (claimed.outcome !== 'paced') await advance(claimed.rotationId);
  }
  await sweep(tools, unit, open, notes);

  async function advance(rotationId: string): Promise<void> {
    const deadlineMs = Math.min(perRotationMs, end - tools.monotonicMs());
    try {
      const { outcome, rotation } = await advanceRotation(tools, rotationId, { deadlineMs });
      if (await notes.pause.outlasts(rotation)) return await advance(rotationId);
      hasEndedNow ||= outcome === 'ended';
      if (outcome !== 'ended') open.push(rotation);
      notes.count('advanced');
      notes.count(outcome === 'ended' || outcome === 'busy' ? outcome : 'waiting');
      if (rotation.state === 'needs-attention') notes.count('needsAttention');
      if (hasReached(rotation.claim.credentialClass, rotation.step, 'published')) notes.count('published');
    } catch (error) {
      // A worker died, or sleeps, between the list and the journal: the name stays listed, for it may yet write its claim.
      if (!ServiceError.is(error, 'ROTATION_UNKNOWN')) throw error;
    }
  }
}

/** The rotations that the newest versions speak of and that the unit's list, or the journal, does not know: lost with a record. */
async function unlisted(
  tools: RotationTools,
  unit: RotationUnit,
  newest: readonly SecretVersion[],
  { open, ended }: UnitRecord,
): Promise<readonly string[]> {
  const ids = new Set(newest.flatMap(({ tags }) => parseAttemptId(tags['rotation-id'])?.rotationId ?? []));
  const found: string[] = [];
  for (const id of ids) {
    if (id === ended) continue;
    const entries = await readJournal(tools.records, id);
    if (entries.length > 0) {
      if (open.includes(id)) continue;
      const finished = hasEnded(rotationOf(id, entries));
      await changeUnit(tools.records, unit.key, (one) =>
        finished ? { ...one, ended: id } : { ...one, open: [...one.open, id] },
      );
      if (!finished) found.push(id);
    } else if (newest.length === unit.members.length && (await lostRotation(tools, unit, newest))?.rotationId === id) {
      const wish = { trigger: 'reconciler', reason: null, askedBy: null, emergency: false } as const;
      const claimed = await claimRotation(tools, unit, wish);
      if (claimed.outcome === 'frozen') found.push(claimed.rotationId);
    }
  }
  return found;
}

function isUnitDue(tools: RotationTools, unit: RotationUnit, newest: readonly SecretVersion[]): boolean {
  return newest.length === unit.members.length && unitDueness(unit, newest, tools.now()).due;
}

/**
 * Searches for leftovers when something happened lately, or it was long ago; under the lease, so that nobody is at work, and once
 * more there, for what was seen before it may be in use since.
 */
async function sweep(
  tools: RotationTools,
  unit: RotationUnit,
  open: readonly Rotation[],
  notes: PassNotes,
): Promise<void> {
  const record = await readUnit(tools.records, unit.key);
  const anchor = open[0]?.rotationId ?? record.ended;
  const isFresh = record.sweptAt !== null && Math.abs(tools.now().getTime() - Date.parse(record.sweptAt)) < sweepMs;
  if (anchor === null || (open.length === 0 && isFresh)) return;
  const issuer = issuerOf(unit, tools.issuers, tools.policy);
  const leftovers = await findLeftovers(tools, unit, issuer, open);
  if (leftovers.length > 0 && !(await removeUnderLease(tools, unit, anchor, notes))) return;
  // While a rotation is under way every pass searches, so when it last did is nobody's question: a write less for each.
  if (open.length > 0) return;
  await changeUnit(tools.records, unit.key, (one) => ({ ...one, sweptAt: tools.now().toISOString() }));
}

/** Gives false while another worker has the lease. */
async function removeUnderLease(
  tools: RotationTools,
  unit: RotationUnit,
  anchor: string,
  notes: PassNotes,
): Promise<boolean> {
  const { claim, fence } = rotationOf(anchor, await readJournal(tools.records, anchor));
  const lease = await takeLease(tools, claim.targetKey, fence);
  if (lease === null) return false;
  try {
    const work = await openWork(tools, anchor, lease);
    const leftovers = await findLeftovers(tools, unit, work.issuer, await openRotations(tools, unit));
    const removed = (await removeLeftovers(work, leftovers)) + (await adoptDuplicates(work));
    for (let index = 0; index < removed; index += 1) notes.count('leftoversRemoved');
    return true;
  } finally {
    await lease.release();
  }
}

/** The unit's rotations that have not ended. */
async function openRotations(tools: RotationTools, unit: RotationUnit): Promise<readonly Rotation[]> {
  const { open } = await readUnit(tools.records, unit.key);
  const rotations: Rotation[] = [];
  for (const id of open) {
    const entries = await readJournal(tools.records, id);
    if (entries.length > 0) rotations.push(rotationOf(id, entries));
  }
  return rotations;
}
