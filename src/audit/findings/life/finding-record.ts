import { hash } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson, type JsonValue } from '../../../provenance/canonical-json.ts';
import { parsePerson, type Person } from '../../../provenance/person.ts';
import { parseRecord, recordedTime } from '../../../records/parse-record.ts';
import type { RecordStore } from '../../../records/record-store.ts';
import { ServiceError } from '../../../service-error.ts';
import type { FindingStep } from '../../model/finding-life.ts';

const folder = 'findings/';
const encoder = new TextEncoder();

const personShape = z.unknown().transform((value, context): Person => {
  const person = parsePerson(value);
  if (person !== null) return person;
  context.addIssue('is not a person');
  return z.NEVER;
});

const stepShape: z.ZodType<FindingStep> = z.object({
  format: z.literal(1),
  number: z.int(),
  finding: z.string(),
  at: recordedTime,
  by: personShape,
  kind: z.enum(['accepted', 'responded', 'withdrawn']),
  text: z.string(),
  until: recordedTime.nullable(),
  owner: z.string().nullable(),
  due: z.string().nullable(),
  ticket: z.string().nullable(),
  previous: z.string().nullable(),
});

/**
 * Reads every step that a person took about a finding, in order.
 * @throws ServiceError `RECORD_UNREADABLE` for a record whose chain is broken: evidence must not pass over it.
 */
export async function readFindingSteps(records: RecordStore): Promise<readonly FindingStep[]> {
  const steps: FindingStep[] = [];
  for await (const path of records.list(folder)) {
    const stored = await records.read(path);
    if (stored === null) continue;
    const step = parseRecord(stepShape, stored.bytes, path);
    const before = steps.at(-1);
    const isNext =
      step.number === steps.length + 1 && step.previous === (before === undefined ? null : digestOf(before));
    if (!isNext)
      throw new ServiceError('RECORD_UNREADABLE', { path, reason: 'it does not follow the entry before it' });
    steps.push(step);
  }
  return steps;
}

/** Appends one step. Of two workers that append at once both succeed, one after the other. Returns the entry. */
export async function appendFindingStep(
  records: RecordStore,
  step: Omit<FindingStep, 'format' | 'number' | 'previous'>,
): Promise<FindingStep> {
  for (;;) {
    const steps = await readFindingSteps(records);
    const last = steps.at(-1);
    const previous = last === undefined ? null : digestOf(last);
    const entry: FindingStep = { format: 1, number: steps.length + 1, ...step, previous };
    try {
      const path = `${folder}${String(entry.number).padStart(8, '0')}.json`;
      await records.create(path, encoder.encode(`${canonicalJson(asJson(entry))}\n`));
      return entry;
    } catch (error) {
      if (!ServiceError.is(error, 'RECORD_EXISTS')) throw error;
    }
  }
}

function digestOf(step: FindingStep): string {
  return hash('sha256', canonicalJson(asJson(step)));
}

function asJson({ by, ...step }: FindingStep): JsonValue {
  return { ...step, by: by.kind === 'unnamed' ? { ...by } : { ...by, subject: { ...by.subject } } };
}
