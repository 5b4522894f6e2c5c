import { z } from 'zod';
import type { RecordStore, Revision } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import { recordedTime } from '../../records/parse-record.ts';
import { jobShape } from '../model/job-shape.ts';
import type { Job } from '../model/job.ts';
import type { FeedRefusal } from './job-feed.ts';
import { createJson, jsonBytes, readStoredJson } from './stored-json.ts';

/** An attempt to ask for again: it had not ended when last seen, or its log may be incomplete. */
export interface UnfinishedJob {
  readonly job: Job;
  /** When Gitea last returned it. ISO 8601. */
  readonly seenAt: string;
}

/** Something that the last pass could not read. */
export interface JobsNotRead extends FeedRefusal {
  /** The first consecutive pass that could not. ISO 8601. */
  readonly since: string;
}

/** The progress of the collection of jobs. */
export interface JobCollection {
  readonly format: 1;
  /** The highest job id of each list that was read to its mark, by the list's key. */
  readonly marks: Readonly<Record<string, number>>;
  /** Every job created before this was seen. `null`: no pass has read the whole site without refusals. ISO 8601. */
  readonly completeTo: string | null;
  readonly unfinished: readonly UnfinishedJob[];
  readonly notRead: readonly JobsNotRead[];
}

export interface StoredJobCollection {
  readonly state: JobCollection;
  /** `null` before the first pass. */
  readonly revision: Revision | null;
}

const path = 'collection/jobs.json';
const collectionShape: z.ZodType<JobCollection> = z.object({
  format: z.literal(1),
  marks: z.record(z.string(), z.int()),
  completeTo: recordedTime.nullable(),
  unfinished: z.array(z.object({ job: jobShape, seenAt: recordedTime })),
  notRead: z.array(
    z.object({ what: z.string(), name: z.string(), why: z.string(), lasting: z.boolean(), since: recordedTime }),
  ),
});

const nothing: JobCollection = { format: 1, marks: {}, completeTo: null, unfinished: [], notRead: [] };

/** Returns the collection's progress; `null` before the first pass. */
export async function jobCollection(records: RecordStore): Promise<JobCollection | null> {
  const { state, revision } = await readJobCollection(records);
  return revision === null ? null : state;
}

export async function readJobCollection(records: RecordStore): Promise<StoredJobCollection> {
  const stored = await readStoredJson(records, path, collectionShape);
  return stored === null ? { state: nothing, revision: null } : { state: stored.value, revision: stored.revision };
}

/** Saves the state, unless a concurrent pass has saved its own, which started from the same marks. Returns whether it did. */
export async function saveUnlessOvertaken(
  records: RecordStore,
  state: JobCollection,
  revision: Revision | null,
): Promise<boolean> {
  if (revision === null) return await createJson(records, path, state);
  try {
    await records.replace(path, jsonBytes(state), revision);
    return true;
  } catch (error) {
    if (!ServiceError.is(error, 'RECORD_CHANGED')) throw error;
    return false;
  }
}
