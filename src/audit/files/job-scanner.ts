import { type ContentCheck, createContentCheck } from '../parsing/content-check.ts';
import { createMatcher, type FormMatcher } from '../parsing/form-matcher.ts';
import { formOf } from '../parsing/line-form.ts';
import type { LineMemory } from '../parsing/line-memory.ts';
import { secondOrInstantAt } from '../parsing/moment.ts';
import { checkJob } from './check-job.ts';

/** Reads jobs from their bytes, line by line, as `RowScanner` reads rows. */
export interface JobScanner {
  /** The line from `from` until before `to`, if it is surely a job of a form that was learned; `null` for any other. */
  scan(bytes: Buffer, from: number, to: number): ScannedJob | null;
  /** Learns the form of a line. `value`: what it says. */
  learn(line: string, value: unknown): void;
}

/** What is filed of a job. It is valid until the next one is scanned. */
interface ScannedJob {
  /** Where the parts of the line that differ from job to job begin and end. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** The parts that make the job's key. */
  readonly key: readonly number[];
  /** When it ran, as `spanOf` has it; NaN if it did not. */
  readonly from: number;
  readonly to: number;
}

interface JobForm {
  readonly matches: FormMatcher['matches'];
  /** The line that matched last; `null` if it may be invalid. */
  job(bytes: Buffer): ScannedJob | null;
}

const mostForms = 8;
const mostLearned = 200;

export function createJobScanner(memory: LineMemory | null = null): JobScanner {
  const forms: JobForm[] = [];
  let learned = 0;
  return {
    scan(bytes, from, to) {
      for (let index = 0; index < forms.length; index += 1) {
        const form = forms[index];
        if (form === undefined || !form.matches(bytes, from, to)) continue;
        // The next line probably has the same form.
        if (index > 0) forms.unshift(...forms.splice(index, 1));
        return form.job(bytes);
      }
      return null;
    },
    learn(line, value) {
      if (learned >= mostLearned) return;
      learned += 1;
      // One that the shape has to check is no example.
      const form = checkJob(value, '') === value ? createJobForm(line, memory) : null;
      if (form === null) return;
      forms.unshift(form);
      forms.splice(mostForms);
    },
  };
}

/** `line`: a job whose members are all known. */
function createJobForm(line: string, memory: LineMemory | null): JobForm | null {
  const form = formOf(line);
  if (form === null || form.values.has('endedBetween')) return null;
  const find = (path: string) => form.contents.findIndex((content) => content.path === path);
  const key = ['instance', 'jobId', 'attempt'].map(find);
  if (key.includes(-1)) return null;
  const matcher = createMatcher(form, null, memory);
  const { starts, ends } = matcher;
  const isValid = createContentCheck(
    matcher,
    form.contents.map(({ path, isText }) => checks.get(path) ?? (isText ? null : isWhole)),
  );
  const started = find('startedAt');
  const completed = find('completedAt');
  const momentAt = (bytes: Buffer, index: number) => secondOrInstantAt(bytes, starts[index] ?? 0, ends[index] ?? 0);
  const job = { starts, ends, key, from: Number.NaN, to: Number.NaN };
  return {
    matches: matcher.matches,
    job(bytes) {
      if (!isValid(bytes)) return null;
      if (started === -1) return job;
      job.from = momentAt(bytes, started);
      job.to = completed === -1 ? Number.POSITIVE_INFINITY : momentAt(bytes, completed);
      return job;
    },
  };
}

const isTime: ContentCheck = (bytes, from, to) => !Number.isNaN(secondOrInstantAt(bytes, from, to));

/** A number without sign and fraction. */
const isWhole: ContentCheck = (bytes, from, to) => {
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x30 || byte > 0x39) return false;
  }
  return true;
};

function oneOf(...words: readonly string[]): ContentCheck {
  const known = new Set(words);
  return (bytes, from, to) => known.has(bytes.toString('latin1', from, to));
}

/** By the name of the member. Any other text is allowed, and any other number that is whole. */
const checks: ReadonlyMap<string, ContentCheck> = new Map([
  ['format', oneOf('1')],
  ['status', oneOf('queued', 'waiting', 'in_progress', 'completed')],
  ['conclusion', oneOf('success', 'failure', 'cancelled', 'skipped')],
  ['createdAt', isTime],
  ['startedAt', isTime],
  ['completedAt', isTime],
  ['fork', oneOf('unknown')],
  ['known', oneOf('api', 'hook')],
]);
