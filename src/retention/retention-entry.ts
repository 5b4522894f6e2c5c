import { z } from 'zod';
import { parsePerson, type Person } from '../provenance/person.ts';
import { recordedTime } from '../records/parse-record.ts';
import { retentionKindNames } from './retention-kinds.ts';

const person = z.unknown().transform((value, context): Person => {
  const parsed = parsePerson(value);
  if (parsed !== null) return parsed;
  context.addIssue('is not a person');
  return z.NEVER;
});

const facts = z.discriminatedUnion('act', [
  /** What is about to be deleted, before the first record goes. */
  z.object({
    act: z.literal('delete'),
    kind: z.enum(retentionKindNames),
    /** The folder, or the journal. */
    name: z.string(),
    /** What its records are of: half-open, ISO 8601. */
    from: recordedTime,
    to: recordedTime,
    /** How long the rule keeps this kind, such as `1095d`. */
    rule: z.string(),
    records: z.int(),
    /** sha256 of the list that names each record with its sha256: `retention/lists/DIGEST.ndjson`. */
    list: z.string(),
  }),
  /** That it is deleted; `kept`: how many of its records were not, because they had changed or a hold had come. */
  z.object({ act: z.literal('deleted'), of: z.int(), records: z.int(), kept: z.int() }),
  /** A hold: nothing of its time is deleted until it is lifted. `null`: of any time. */
  z.object({
    act: z.literal('hold'),
    by: person,
    reason: z.string(),
    from: recordedTime.nullable(),
    to: recordedTime.nullable(),
  }),
  z.object({ act: z.literal('lift'), by: person, reason: z.string(), of: z.int() }),
]);

export type RetentionFacts = z.infer<typeof facts>;

/** One entry of the record of deletions and holds: a chain of hashes. */
export interface RetentionEntry {
  readonly format: 1;
  readonly number: number;
  /** Digest of the previous entry's canonical JSON. */
  readonly previous: string | null;
  readonly at: string;
  readonly facts: RetentionFacts;
}

export const retentionEntryShape: z.ZodType<RetentionEntry> = z.object({
  format: z.literal(1),
  number: z.int(),
  previous: z.string().nullable(),
  at: recordedTime,
  facts,
});
