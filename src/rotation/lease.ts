import type { RecordStore } from '../records/record-store.ts';
import { ServiceError } from '../service-error.ts';
import type { RotationTools } from './rotation-tools.ts';
import { clockToleranceMs } from './vault-access.ts';
import { readDocument, writeDocument } from './rotation-document.ts';

/** How long a worker may act before another takes over. Longer than the slowest single request of any adapter. */
export const leaseMs = 120_000;
/** No act begins in the last part of a lease, so that its request is aborted before another worker can begin. */
const lastActMs = 30_000;

/** The right to work on one target for a while. */
export interface Lease {
  readonly fence: number;
  /** Milliseconds, on the clock that is never set, that may still be spent on acts; none or less: begin no further one. */
  remainingMs(): number;
  /** Lets the next worker in at once. Never throws: a lease that stays ends by itself. */
  release(): Promise<void>;
}

/**
 * Takes the lease on a target, or gives `null` while another worker holds it.
 * The fence grows with every taking and is at least `leastFence`: the journal refuses writers with an older one, so that a
 * worker that slept through the end of its lease stops at its next entry.
 */
export async function takeLease(tools: RotationTools, targetKey: string, leastFence = 1): Promise<Lease | null> {
  const { records, now, monotonicMs } = tools;
  const path = `leases/${targetKey}.json`;
  const begun = monotonicMs();
  const found = await readDocument(records, path, parseLease);
  if (found !== null && isHeld(Date.parse(found.value.until) - now().getTime())) return null;
  const fence = Math.max((found?.value.fence ?? 0) + 1, leastFence);
  const until = new Date(now().getTime() + leaseMs).toISOString();
  const revision = await writeDocument(records, path, { format: 1, fence, until }, found?.revision ?? null);
  if (revision === null) return null;
  return {
    fence,
    remainingMs: () => begun + leaseMs - lastActMs - monotonicMs(),
    release: () => endLease(records, path, fence, revision),
  };
}

/** A lease that ends further off than any lease can was written by a clock that was wrong; the fence keeps its holder out. */
function isHeld(leftMs: number): boolean {
  return leftMs > 0 && leftMs <= leaseMs + clockToleranceMs;
}

async function endLease(records: RecordStore, path: string, fence: number, revision: string): Promise<void> {
  try {
    await writeDocument(records, path, { format: 1, fence, until: new Date(0).toISOString() }, revision);
  } catch (error) {
    // The work is done and recorded; a store that fails now only makes the next worker wait for the lease's end.
    if (!ServiceError.is(error)) throw error;
  }
}

interface LeaseRecord {
  readonly format: 1;
  readonly fence: number;
  readonly until: string;
}

function parseLease(value: unknown): LeaseRecord | null {
  if (typeof value !== 'object' || value === null) return null;
  const { format, fence, until } = value as Partial<Record<string, unknown>>;
  if (format !== 1 || !Number.isSafeInteger(fence) || typeof until !== 'string' || Number.isNaN(Date.parse(until)))
    return null;
  return { format, fence: Number(fence), until };
}
