import { ServiceError } from '../service-error.ts';
import { afterThrottling, atLast, nextTry } from './retry-budget.ts';
import type { RotationWork } from './rotation-work.ts';

/** What a failure makes of a rotation: it waits for its next try, or for a person. */
export type Failed = 'waiting' | 'needs-attention';

/**
 * Writes a failed step into the journal, by code alone. The pending act stays pending: the next try reads back what it left.
 * @throws what means that the journal itself cannot be trusted to be ours: a conflict, or a store that does not answer.
 */
export async function recordFailure(work: RotationWork, error: unknown): Promise<Failed> {
  if (!ServiceError.is(error)) throw error;
  const { rotation, tools } = work;
  if (error.code === 'JOURNAL_CONFLICT' || error.layer === 'record' || error.layer === 'record-store') throw error;
  // A wrong clock must not write down when to try again.
  if (error.code === 'LEASE_ENDED' || error.code === 'CLOCK_DISAGREES') return 'waiting';
  const failure: string = error.code;
  const { state } = rotation;
  if (state === 'frozen' || state === 'superseded' || state === 'rolled-back') {
    // What it is must not be forgotten over what failed: it is tried again for as long as it takes.
    const { tries, cycle, retryAt } = nextTry(rotation, tools.now(), tools.random()) ?? atLast(tools.now());
    const facts = { failure, tries, cycle, retryAt: retryAt.toISOString(), reasons: rotation.reasons };
    await work.outcome('wait', { state, facts });
    return 'waiting';
  }
  if (ServiceError.is(error, 'VAULT_THROTTLED') || ServiceError.is(error, 'PROVIDER_THROTTLED')) {
    const { tries, cycle } = rotation;
    const retryAt = afterThrottling(error.details.retryAfterSeconds, tools.now(), tools.random()).toISOString();
    await work.outcome('wait', { state: 'retry-wait', facts: { failure, tries, cycle, retryAt } });
    return 'waiting';
  }
  const next = mayHelp(error) ? nextTry(rotation, tools.now(), tools.random()) : null;
  if (next === null) {
    await work.outcome('wait', { state: 'needs-attention', facts: { failure, reasons: reasonOf(error) } });
    return 'needs-attention';
  }
  const { tries, cycle, retryAt } = next;
  await work.outcome('wait', {
    state: 'retry-wait',
    facts: { failure, tries, cycle, retryAt: retryAt.toISOString(), reasons: reasonOf(error) },
  });
  return 'waiting';
}

/** An answer that was lost must not be repeated underneath; up here the next try looks first. */
function mayHelp(error: ServiceError): boolean {
  return (
    error.retry !== 'never' || error.effect === 'unknown' || error.code === 'CREDENTIAL_REFUSED_BY_PROVIDER_POLICY'
  );
}

/** The details of an error are safe to print; only short texts are kept. */
function reasonOf(error: ServiceError): readonly string[] {
  return Object.entries(error.details).flatMap(([name, value]) =>
    typeof value === 'string' || typeof value === 'number' ? [`${name} ${String(value)}`.slice(0, 200)] : [],
  );
}
