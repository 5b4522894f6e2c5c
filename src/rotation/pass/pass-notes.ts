import { ServiceError } from '../../service-error.ts';
import type { Target } from '../observe/target.ts';
import { bindingKey } from '../rotation-unit.ts';

/** A call for a person about one target. `since`: when the journal first had it. */
export interface PersonCalled {
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

/** Where the parts of a pass write what they see. */
export interface PassNotes {
  readonly count: (what: ReconcileCount, by?: number) => void;
  readonly fault: (subject: string, error: ServiceError) => void;
  readonly call: (called: PersonCalled) => void;
  readonly settle: (subject: string) => void;
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
    notes.fault(subject, error);
  }
}
