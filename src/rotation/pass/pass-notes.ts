import { ServiceError } from '../../service-error.ts';
import type { Target } from '../observe/target.ts';
import { bindingKey } from '../rotation-unit.ts';

/** A call for a person about one target. `since`: when the journal first had it. */
interface PersonCalled {
  /** `vault/name`, or `group:<name>`. */
  readonly subject: string;
  readonly code: string;
  readonly since: string;
}

export const reconcileCounts = [
  'secrets',
  'bound',
  'tracked',
  'managed',
  'unbound',
  'withoutExpiry',
  'due',
  'claimed',
  'advanced',
  'published',
  'ended',
  'waiting',
  'awaitingGo',
  'busy',
  'needsAttention',
  'disabled',
  'tagsMalformed',
  'tagsWidened',
  'faults',
] as const;

export type ReconcileCount = (typeof reconcileCounts)[number];

/** What the parts of a pass saw and did: each writes what it sees. */
export interface PassNotes {
  readonly counts: Record<ReconcileCount, number>;
  /** What prevents a rotation. `subject`: `vault/name`, `vault/name (tag NAME)`, or a vault alone. */
  readonly failures: { readonly subject: string; readonly error: ServiceError }[];
  /** What a person is called for that no rotation's own state shows, as of a secret that left the policy. */
  readonly calls: PersonCalled[];
  /** The targets that were looked at and for which nobody is called and nothing failed, named as in `calls`. */
  readonly settled: string[];
}

export function emptyNotes(): PassNotes {
  const counts = Object.fromEntries(reconcileCounts.map((one) => [one, 0])) as Record<ReconcileCount, number>;
  return { counts, failures: [], calls: [], settled: [] };
}

export function noteFault({ counts, failures }: PassNotes, subject: string, error: ServiceError): void {
  counts.faults += 1;
  failures.push({ subject, error });
}

/** How people are told of a target: `vault/name`, or `group:<name>`. */
export function nameOf({ terms: { bindings } }: Target): string {
  const [first] = bindings;
  return first.group === null ? bindingKey(first) : `group:${first.group}`;
}

/** One secret's failure must not keep the others from their turn; the record store's own failure must. */
export async function guarded(notes: PassNotes, subject: string, turn: () => Promise<void>): Promise<void> {
  try {
    await turn();
  } catch (error) {
    if (!ServiceError.is(error) || error.layer === 'record-store') throw error;
    noteFault(notes, subject, error);
  }
}
