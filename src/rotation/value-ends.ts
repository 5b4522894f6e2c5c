import { effectOf } from '../service-error.ts';
import { leftAliveReason, leftAliveReasons } from './left-alive.ts';
import type { ClaimedMember, JournalEntry } from './journal-entry.ts';
import { type Rotation, hasEnded } from './rotation.ts';
import type { RotationHistory } from './history/rotation-history.ts';
import { bindingKey } from './rotation-unit.ts';

/** What the journal shows of both values of one secret, for evidence and for people. */
export type ValueEnds = Pick<
  RotationHistory,
  'oldValue' | 'newValue' | 'publication' | 'publishedAt' | 'rolledBack' | 'note'
>;

/**
 * Reads the ends of the old and the new value of one secret from the journal. Says no more than that shows: of a rotation that
 * somebody else published over, neither credential counts as ended.
 */
export function valueEnds(rotation: Rotation, entries: readonly JournalEntry[], member: ClaimedMember): ValueEnds {
  const known = { rotation, entries, member };
  const ends = { oldValue: oldValueOf(known), newValue: newValueOf(known), rolledBack: rolledBackOf(entries) };
  return {
    ...ends,
    publication: publicationOf(known),
    publishedAt: publishedAtOf(known),
    note: noteOf(rotation, ends),
  };
}

interface Known {
  readonly rotation: Rotation;
  readonly entries: readonly JournalEntry[];
  readonly member: ClaimedMember;
}

function oldValueOf({ rotation, entries, member }: Known): RotationHistory['oldValue'] {
  if (rotation.oldValue !== null) return rotation.oldValue;
  if (rotation.state === 'rolled-back') return leftAliveReason(rotation) !== null ? 'not-ended' : 'in-force-again';
  if (rotation.state === 'frozen') return 'not-known';
  // A revocation that was begun may have reached the provider, whoever published then.
  const isReplaced = mayBeReplaced({ rotation, entries, member });
  if (rotation.state === 'superseded')
    return isReplaced || entries.some(isRevocation) ? 'cannot-be-shown' : 'not-ended';
  if (isPublished(rotation, member)) return 'in-grace';
  return isReplaced ? 'perhaps-replaced' : 'in-force';
}

/**
 * Whether the provider may have taken a new value in the old one's place, which ends the old one before anything is published:
 * so it is where a single password has one name for both values. Of an unknown name it may be so.
 */
function mayBeReplaced({ rotation, entries, member: { fromCredentialId } }: Known): boolean {
  const { claim, pending, failure } = rotation;
  if (claim.credentialClass !== 'chosen') return false;
  const isUnanswered = pending?.act === 'issue' && (failure === null || effectOf(failure) === 'unknown');
  const issued = entries.flatMap(({ kind, act, facts: { credentialId } }) =>
    kind === 'outcome' && act === 'issue' && credentialId !== undefined ? [credentialId] : [],
  );
  return isUnanswered || issued.some((credentialId) => fromCredentialId === null || fromCredentialId === credentialId);
}

function newValueOf({ rotation, entries, member }: Known): RotationHistory['newValue'] {
  const { state, withdrawn, published } = rotation;
  if (state === 'rolled-back')
    return leftAliveReason(rotation) !== null ? 'not-ended' : withdrawn ? 'withdrawn' : 'in-grace';
  if (state === 'superseded') {
    // What was published whoever published over it may have taken; and a journal that was lost took nothing back.
    if (published.size > 0 || leftAliveReason(rotation) !== null) return 'not-ended';
    return !withdrawn ? 'to-be-withdrawn' : entries.some(isWithdrawal) ? 'withdrawn' : 'not-ended';
  }
  if (state === 'frozen') return 'not-known';
  return isPublished(rotation, member) ? 'in-force' : 'not-published';
}

function publicationOf({ rotation, member }: Known): RotationHistory['publication'] {
  if (isPublished(rotation, member)) return 'published';
  if (rotation.state === 'frozen') return 'not-known';
  return hasEnded(rotation) || rotation.state === 'superseded' ? 'never' : 'not-yet';
}

/** When the last secret of its group was; until then, when this one was. What a rebuilt journal does not know stays `null`. */
function publishedAtOf({ rotation, entries, member }: Known): string | null {
  if (rotation.publishedAt !== null) return rotation.publishedAt.toISOString();
  const own = entries.find(
    ({ act, facts }) => act === 'publish' && facts.publishedVersion !== undefined && facts.member === keyOf(member),
  );
  return own?.at ?? null;
}

function rolledBackOf(entries: readonly JournalEntry[]): RotationHistory['rolledBack'] {
  // A person asked for the first; what has to be rolled back once more, because it arrived late, begins the grace anew.
  const first = entries.find(isRollBack);
  const last = entries.findLast(isRollBack);
  if (first === undefined || last === undefined) return null;
  return { at: first.at, says: first.facts.reasons?.[0] ?? '', newEndsFrom: last.facts.retryAt ?? last.at };
}

/** What speaks against ending a credential now, for whoever watches or approves; empty when nothing was looked at yet. */
export function waitsFor(
  { state, reasons, withdrawn }: Rotation,
  rolledBack: RotationHistory['rolledBack'],
): readonly string[] {
  if (withdrawn) return [];
  if (state !== 'grace' && state !== 'awaiting-approval' && state !== 'rolled-back') return [];
  return reasons.filter((reason) => !reason.startsWith('wanted: ') && reason !== rolledBack?.says);
}

function noteOf(
  rotation: Rotation,
  { oldValue, newValue, rolledBack }: Pick<ValueEnds, 'oldValue' | 'newValue' | 'rolledBack'>,
): string | null {
  const { state } = rotation;
  if (rolledBack !== null && state === 'rolled-back') {
    const began = `Rolled back ${minute(rolledBack.at)} by ${rolledBack.says.replace(/\.$/, '')}.`;
    const isGone = leftAliveReason(rotation) === leftAliveReasons.oldVersionGone;
    const then = isGone ? 'Then its version from before was disabled or removed' : 'Then somebody else published';
    if (newValue === 'not-ended') return `${began} ${then}. ${neitherEnded}`;
    const ends =
      newValue === 'withdrawn'
        ? 'The new version is disabled and what was issued for it is taken back.'
        : `The new value ends when nothing speaks for its use, not before ${minute(rolledBack.newEndsFrom)}.`;
    return `${began} The old value is in force again, as a new version. ${ends}`;
  }
  if (state !== 'superseded') return null;
  const isPublishedOnce = newValue === 'not-ended';
  const old =
    oldValue === 'cannot-be-shown'
      ? 'Whether the old credential ended cannot be shown: it may have been replaced or revoked by then.'
      : 'The old credential was not ended.';
  if (isPublishedOnce)
    return `Somebody else published over it. ${oldValue === 'not-ended' ? neitherEnded : `${old} The new one was not ended.`}`;
  const issued =
    newValue === 'withdrawn' ? 'is taken back, unless a version might still serve it' : 'is still to be taken back';
  return `Somebody else published first. ${old} What was issued ${issued}.`;
}

const neitherEnded = 'Keyturn ended neither the old nor the new credential: count both as alive.';

function minute(at: string): string {
  return `${at.slice(0, 16).replace('T', ' ')} UTC`;
}

function isRollBack({ kind, act, state }: JournalEntry): boolean {
  return kind === 'outcome' && act === 'roll-back' && state === 'rolled-back';
}

function isWithdrawal({ kind, act, facts }: JournalEntry): boolean {
  return kind === 'outcome' && act === 'withdraw' && facts.withdrawn === true;
}

function isRevocation({ kind, act }: JournalEntry): boolean {
  return kind === 'intent' && act === 'revoke';
}

function isPublished({ published }: Rotation, member: ClaimedMember): boolean {
  return published.has(keyOf(member));
}

function keyOf({ vault, secret }: ClaimedMember): string {
  return bindingKey({ vault, name: secret });
}
