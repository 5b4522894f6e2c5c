import type { ExcludedRow } from '../model/audited-period.ts';
import type { Retrieval } from '../model/retrieval.ts';
import type { ExclusionReason } from './population.ts';

/** A row that a step of the waterfall leaves out; the counts of the waterfall are those of these rows. */
export interface Excluded extends ExcludedRow {
  readonly step: ExclusionReason;
}

/** An event, or a row of it at a place, that a step leaves out. */
export function excludeEvent(step: ExclusionReason, retrieval: Retrieval, place: string | null = null): Excluded {
  const { id, at, vault, secret, requestedVersion, operation, status, identity, correlationId } = retrieval;
  const caller = identity.objectId;
  return { step, place, id, at, vault, secret, requestedVersion, operation, status, caller, correlationId };
}

/** A row that tells of no event, because it could not be parsed. */
export function excludeUnreadable(place: string): Excluded {
  const unknown = {
    id: null,
    at: null,
    vault: null,
    secret: null,
    requestedVersion: null,
    operation: null,
    status: null,
  };
  return { step: 'not readable as an audit row', place, ...unknown, caller: null, correlationId: null };
}
