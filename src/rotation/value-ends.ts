import type { ClaimedMember, JournalEntry } from './journal-entry.ts';
import { type Rotation, hasEnded } from './rotation.ts';
import type { RotationHistory } from './rotation-history.ts';
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
    note: noteOf(rotation.state, ends),
  };
}

interface Known {
  readonly rotation: Rotation;
  readonly entries: readonly JournalEntry[];
  readonly member: ClaimedMember;
}

function oldValueOf({ rotation, entries, member }: Known): RotationHistory['oldValue'] {
  if (rotation.oldValue !== null) return rotation.oldValue;
  if (rotation.state === 'rolled-back') return 'in-force-again';
  if (rotation.state === 'frozen') return 'not-known';
  // A revocation that was begun may have reached the provider, whoever published then.
  if (rotation.state === 'superseded') return entries.some(isRevocation) ? 'cannot-be-shown' : 'not-ended';
  return isPublished(rotation, member) ? 'in-grace' : 'in-force';
}

function newValueOf({ rotation, entries, member }: Known): RotationHistory['newValue'] {
  const { state, withdrawn } = rotation;
  const isTakenBack = entries.some(
    ({ kind, act, facts }) => kind === 'outcome' && act === 'withdraw' && facts.withdrawn,
  );
  if (state === 'rolled-back') return isTakenBack ? 'withdrawn' : 'in-grace';
  if (state === 'superseded') return isTakenBack ? 'withdrawn' : withdrawn ? 'not-ended' : 'to-be-withdrawn';
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
  const entry = entries.findLast(
    ({ kind, act, state }) => kind === 'outcome' && act === 'roll-back' && state === 'rolled-back',
  );
  if (entry === undefined) return null;
  return { at: entry.at, says: entry.facts.reasons?.[0] ?? '', newEndsFrom: entry.facts.retryAt ?? entry.at };
}

function noteOf(
  state: Rotation['state'],
  { oldValue, newValue, rolledBack }: Pick<ValueEnds, 'oldValue' | 'newValue' | 'rolledBack'>,
): string | null {
  if (rolledBack !== null && state === 'rolled-back') {
    const ends =
      newValue === 'withdrawn'
        ? 'The new version is disabled and what was issued for it is taken back.'
        : `The new value ends when nothing speaks for its use, not before ${rolledBack.newEndsFrom}.`;
    return `Rolled back ${rolledBack.at} by ${rolledBack.says.replace(/\.$/, '')}. The old value is in force again, as a new version. ${ends}`;
  }
  if (state !== 'superseded') return null;
  if (oldValue === 'cannot-be-shown')
    return 'Somebody else published while the revocation was under way. Whether the old credential ended cannot be shown; the new one was not ended.';
  if (newValue === 'not-ended')
    return 'Somebody else published over it. Keyturn ended neither the old nor the new credential: count both as alive.';
  const issued =
    newValue === 'withdrawn' ? 'is taken back, unless a version might still serve it' : 'is still to be taken back';
  return `Somebody else published first. The old credential was not ended. What was issued ${issued}.`;
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
