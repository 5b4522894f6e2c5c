import { isOvertaken, stillStands } from './check-standing.ts';
import { askForApproval, isApproved, wantedApproval, wantsApproval } from './approval.ts';
import { issueCredential, nextAttempt, stageCredential } from './issue-credential.ts';
import { takeLease } from './lease.ts';
import { publishCredential } from './publish-credential.ts';
import { finishRebuild } from './rebuild-rotation.ts';
import { recordFailure } from './record-failure.ts';
import { disableOldVersions, revokeOldCredential } from './revoke-old-credential.ts';
import { finishRollBack } from './roll-back-rotation.ts';
import { type Rotation, hasEnded, rotationOf } from './rotation.ts';
import { readJournal } from './rotation-journal.ts';
import { type RotationAside, type RotationStep, hasReached, isAside, stepAfter } from './history/rotation-steps.ts';
import type { RotationTools } from './rotation-tools.ts';
import { type RotationWork, openWork } from './rotation-work.ts';
import { settlePublication } from './settle-publication.ts';
import { changeUnit } from './unit-record.ts';
import { clockToleranceMs } from './vault-access.ts';
import { verifyCredential } from './verify-credential.ts';
import { withdrawCredential } from './withdraw-credential.ts';
import { ServiceError } from '../service-error.ts';

/** An unanswered question waits a week; failed steps wait a day at most. */
const longestWaitMs = 8 * 86_400_000;
const longestRetryMs = 86_400_000 + clockToleranceMs;

/** What became of one pass over a rotation, and where it stands behind it. */
export interface Advance {
  /**
   * `ended`: nothing is left to do. `waiting`: for a time, a person, or evidence. `busy`: another worker has it.
   * `stopped`: the kill switch is on. `out-of-time`: the deadline of this pass came first.
   */
  readonly outcome: 'ended' | 'waiting' | 'busy' | 'stopped' | 'out-of-time';
  readonly rotation: Rotation;
}

/**
 * Takes a rotation as far as it goes now, step by step; every step may have been half done by a worker that died.
 * `deadlineMs`: no step begins later than this after the call, but those that readers wait for. Never sleeps: what must wait is left to the next pass.
 * Failures of the world go into the journal. @throws ServiceError when the journal cannot be read or written
 * (`RECORD_…`), and `ROTATION_UNKNOWN`.
 */
export async function advanceRotation(
  tools: RotationTools,
  rotationId: string,
  { deadlineMs = 60_000 }: { readonly deadlineMs?: number } = {},
): Promise<Advance> {
  const end = tools.monotonicMs() + deadlineMs;
  const before = rotationOf(rotationId, await readJournal(tools.records, rotationId));
  if (hasEnded(before)) return await ended(tools, before);
  if (await tools.killSwitch()) return { outcome: 'stopped', rotation: before };
  const lease = await takeLease(tools, before.claim.targetKey, before.fence);
  if (lease === null) return { outcome: 'busy', rotation: before };
  try {
    const work = await openWork(tools, rotationId, lease);
    const outcome = await drive(work, end);
    return outcome === 'ended' ? await ended(tools, work.rotation) : { outcome, rotation: work.rotation };
  } catch (error) {
    if (!ServiceError.is(error, 'JOURNAL_CONFLICT')) throw error;
    return { outcome: 'busy', rotation: before };
  } finally {
    await lease.release();
  }
}

async function drive(work: RotationWork, end: number): Promise<Advance['outcome']> {
  for (;;) {
    if (hasEnded(work.rotation)) return 'ended';
    if (work.tools.monotonicMs() >= end && !readersMayBeOut(work.rotation)) return 'out-of-time';
    const before = work.rotation.head;
    const failures = work.rotation.tries;
    try {
      if (!(await goOn(work))) return 'waiting';
    } catch (error) {
      // What already waits for a person gains nothing from one more failure.
      if (work.rotation.state !== 'needs-attention' || !ServiceError.is(error)) await recordFailure(work, error);
      say(work);
      return 'waiting';
    }
    say(work);
    // A step that wrote nothing would be taken for ever.
    if (work.rotation.head === before || work.rotation.tries > failures) return 'waiting';
  }
}

/** Decides by the state; gives false when there is nothing to do before the next pass. */
async function goOn(work: RotationWork): Promise<boolean> {
  const { state, step, claim, rotationId } = work.rotation;
  if (isAside(state)) {
    const rest = await leaveAside(work, state);
    if (rest !== 'go-on') return rest === 'changed';
  }
  if (await finishesWhatWasMeant(work)) return true;
  if (!isPublished(work.rotation) && !(await stillStands(work))) return true;
  return await takeStep(work, stepAfter(claim.credentialClass, step, rotationId));
}

/** Two acts must not be thought over: readers may have seen a half of the one, and the other may still arrive. */
async function finishesWhatWasMeant(work: RotationWork): Promise<boolean> {
  const { pending } = work.rotation;
  if (pending?.act === 'roll-back') await finishRollBack(work);
  else if (pending?.act === 'withdraw') await nextAttempt(work, pending.facts.credentialId ?? null, 'answer-lost');
  else return false;
  return true;
}

/** `go-on`: what it rested for is over, and its step comes next. `changed`: it stands elsewhere now. */
async function leaveAside(work: RotationWork, state: RotationAside): Promise<'go-on' | 'changed' | 'rest'> {
  const { rotation, tools } = work;
  const leftMs = (rotation.retryAt?.getTime() ?? 0) - tools.now().getTime();
  // Nothing waits longer than this: a time further off was written by a clock that was wrong.
  const isTime = leftMs <= 0 || leftMs > Math.max(longestWaitMs, rotation.claim.graceMs);
  switch (state) {
    case 'retry-wait':
      return isTime || leftMs > longestRetryMs ? 'go-on' : 'rest';
    case 'needs-attention':
      if (rotation.pending?.act === 'roll-back') return 'go-on';
      // A person who sets the secret by hand has ended the matter; everything else waits for one who asks again.
      return !isPublished(rotation) && (await isOvertaken(work)) ? 'changed' : 'rest';
    case 'awaiting-approval':
      if (wantedApproval(rotation) === 'revoke' || isApproved(work, 'publish')) return 'go-on';
      if (!isTime) return 'rest';
      throw new ServiceError('APPROVAL_EXPIRED', { rotationId: rotation.rotationId, step: 'publish' });
    case 'frozen':
      if (!isTime) return 'rest';
      await finishRebuild(work);
      return 'changed';
    case 'rolled-back': // Consumers may hold the new value for a grace.
    case 'superseded':
      if (!isTime) return 'rest';
      await withdrawCredential(work);
      return 'changed';
    case 'stale':
      return 'rest';
    default:
      return state satisfies never;
  }
}

async function takeStep(work: RotationWork, next: RotationStep): Promise<boolean> {
  const { claim } = work.rotation;
  switch (next) {
    case 'issued':
      // A single password is in force from here on: whoever must agree to publishing must have agreed before that.
      if (claim.credentialClass === 'chosen' && (await asksBeforePublishing(work))) return false;
      await issueCredential(work);
      return true;
    case 'staged':
      await stageCredential(work);
      return true;
    case 'verified':
      await verifyCredential(work);
      return work.rotation.state !== 'retry-wait';
    case 'published':
      if (work.rotation.published.size === 0 && (await asksBeforePublishing(work))) return false;
      await publishCredential(work);
      return true;
    case 'grace':
      await settlePublication(work);
      return true;
    case 'revoked':
      return await revokeOldCredential(work);
    case 'done':
      await disableOldVersions(work);
      return true;
    case 'claimed':
      return false;
    default:
      return next satisfies never;
  }
}

async function asksBeforePublishing(work: RotationWork): Promise<boolean> {
  if (!wantsApproval(work, 'publish') || isApproved(work, 'publish')) return false;
  await askForApproval(work, 'publish', []);
  return true;
}

/** Set at the provider and not published: where there is a single password, every reader holds a dead one until it is. */
function readersMayBeOut({ claim, step, state }: Rotation): boolean {
  return claim.credentialClass === 'chosen' && state === step && (step === 'issued' || step === 'verified');
}

function isPublished({ claim, step }: Rotation): boolean {
  return hasReached(claim.credentialClass, step, 'published');
}

/** Takes an ended rotation off its unit's list. */
async function ended(tools: RotationTools, rotation: Rotation): Promise<Advance> {
  const { rotationId, claim } = rotation;
  await changeUnit(tools.records, claim.unit, (unit) =>
    unit.open.includes(rotationId)
      ? { ...unit, open: unit.open.filter((one) => one !== rotationId), ended: rotationId }
      : unit,
  );
  return { outcome: 'ended', rotation };
}

function say({ rotation, tools }: RotationWork): void {
  const [{ vault, secret }] = rotation.claim.members;
  const { rotationId, state, step, failure, retryAt } = rotation;
  tools.log?.({ rotationId, vault, secret, state, step, failure, retryAt });
}
