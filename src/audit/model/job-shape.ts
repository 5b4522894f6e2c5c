import { z } from 'zod';
import { recordedTime } from '../../records/parse-record.ts';
import type { Job } from './job.ts';

/** A job as the ledger keeps it, and as a file of jobs has it. */
export const jobShape: z.ZodType<Job> = z.object({
  format: z.literal(1),
  instance: z.string(),
  repositoryId: z.int(),
  repository: z.string(),
  runId: z.int(),
  jobId: z.int(),
  attempt: z.int(),
  taskId: z.int().nullable(),
  name: z.string(),
  runnerId: z.int().nullable(),
  runnerName: z.string().nullable(),
  labels: z.array(z.string()),
  status: z.enum(['queued', 'waiting', 'in_progress', 'completed']),
  conclusion: z.enum(['success', 'failure', 'cancelled', 'skipped']).nullable(),
  createdAt: recordedTime,
  startedAt: recordedTime.nullable(),
  completedAt: recordedTime.nullable(),
  event: z.string(),
  workflow: z.string().nullable().exactOptional(),
  branch: z.string().nullable(),
  fork: z.union([z.boolean(), z.literal('unknown')]),
  forkUnknownBecause: z.string().exactOptional(),
  endedBetween: z.object({ after: recordedTime, before: recordedTime }).exactOptional(),
  known: z.enum(['api', 'hook']),
  url: z.string().nullable(),
});
