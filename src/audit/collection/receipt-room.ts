import { z } from 'zod';
import type { JobNumbers } from '../../provenance/job-numbers.ts';
import { recordedTime } from '../../records/parse-record.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import type { ReportingPeriod } from '../model/audited-period.ts';
import { monthOf, monthsOf } from '../model/calendar.ts';
import { createJson, jsonBytes, readStoredJson } from './stored-json.ts';

/** The most receipts that one task may post: a job that reads more secrets than this reads a whole vault many times. */
export const mostReceiptsPerTask = 2_000;

const roomShape = z.object({
  format: z.literal(1),
  job: z.object({ instance: z.string(), runId: z.int(), jobId: z.int(), attempt: z.int(), taskId: z.int() }),
  taken: z.int(),
  refused: z.int(),
  firstRefusedAt: recordedTime.nullable(),
  lastRefusedAt: recordedTime.nullable(),
});

/** One task's receipts that were not taken because it posted too many. */
export interface RefusedReceipts {
  readonly job: Pick<JobNumbers, 'instance' | 'runId' | 'jobId' | 'attempt'>;
  readonly refused: number;
  /** ISO 8601. */
  readonly firstAt: string;
  readonly lastAt: string;
  readonly reference: string;
}

/**
 * Takes room for the receipts of one post, before they are stored, so that one job cannot fill the archive. Returns false
 * if the task has used its room; one record then counts what is refused. A post that dies afterwards has used its room.
 */
export async function takeReceiptRoom(
  records: RecordStore,
  { instance, runId, jobId, attempt, taskId }: JobNumbers,
  count: number,
  at: Date,
): Promise<boolean> {
  const path = `receipts/room/${monthOf(at)}/${instance}-${String(taskId)}.json`;
  for (;;) {
    const stored = await readStoredJson(records, path, roomShape);
    const before = stored?.value ?? {
      format: 1,
      job: { instance, runId, jobId, attempt, taskId },
      taken: 0,
      refused: 0,
      firstRefusedAt: null,
      lastRefusedAt: null,
    };
    const fits = before.taken + count <= mostReceiptsPerTask;
    const now = at.toISOString();
    const next = fits
      ? { ...before, taken: before.taken + count }
      : {
          ...before,
          refused: before.refused + count,
          firstRefusedAt: before.firstRefusedAt ?? now,
          lastRefusedAt: now,
        };
    if (stored === null) {
      if (await createJson(records, path, next)) return fits;
      continue;
    }
    try {
      await records.replace(path, jsonBytes(next), stored.revision);
      return fits;
    } catch (error) {
      if (!ServiceError.is(error, 'RECORD_CHANGED')) throw error;
    }
  }
}

/** The tasks whose receipts were refused in the period, in the order of their paths. */
export async function refusedReceipts(
  records: RecordStore,
  period: ReportingPeriod,
): Promise<readonly RefusedReceipts[]> {
  const found: RefusedReceipts[] = [];
  for (const month of monthsOf(period)) {
    for await (const reference of records.list(`receipts/room/${month}/`)) {
      const room = (await readStoredJson(records, reference, roomShape))?.value;
      const { firstRefusedAt: firstAt = null, lastRefusedAt: lastAt = null } = room ?? {};
      if (room === undefined || firstAt === null || lastAt === null) continue;
      const inPeriod = Date.parse(lastAt) >= period.from.getTime() && Date.parse(firstAt) < period.to.getTime();
      if (inPeriod) found.push({ job: room.job, refused: room.refused, firstAt, lastAt, reference });
    }
  }
  return found;
}
