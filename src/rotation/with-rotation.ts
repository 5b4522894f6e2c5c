import { ServiceError } from '../service-error.ts';
import { takeLease } from './lease.ts';
import { rotationOf } from './rotation.ts';
import { parseAttemptId } from './rotation-id.ts';
import { readJournal } from './rotation-journal.ts';
import type { RotationTools } from './rotation-tools.ts';
import { type RotationWork, openWork } from './rotation-work.ts';

/** `<rotationId>` of what a person wrote: with the attempt behind it or without. */
export function rotationIdIn(text: string): string {
  return parseAttemptId(text)?.rotationId ?? text.trim();
}

/**
 * Does something to one rotation under its lease, on behalf of a person.
 * @throws ServiceError `ROTATION_UNKNOWN`; `ROTATION_REQUEST_REFUSED` while a worker is at it; what `act` throws.
 */
export async function withRotation<Value>(
  tools: RotationTools,
  rotationId: string,
  act: (work: RotationWork) => Promise<Value>,
): Promise<Value> {
  const { claim, fence } = rotationOf(rotationId, await readJournal(tools.records, rotationId));
  const lease = await takeLease(tools, claim.targetKey, fence);
  const [{ vault, secret }] = claim.members;
  if (lease === null) {
    const reason = 'A worker is at this target now. Try again in two minutes.';
    throw new ServiceError('ROTATION_REQUEST_REFUSED', { vault, secret, reason });
  }
  try {
    return await act(await openWork(tools, rotationId, lease));
  } finally {
    await lease.release();
  }
}
