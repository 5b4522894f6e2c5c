import type { JobNumbers } from '../../provenance/job-numbers.ts';
import type { Receipt } from '../../provenance/receipt.ts';
import { type ContentCheck, createContentCheck } from '../parsing/content-check.ts';
import { createMatcher, type FormMatcher } from '../parsing/form-matcher.ts';
import { formOf, type LineForm, pathOf } from '../parsing/line-form.ts';
import type { LineMemory } from '../parsing/line-memory.ts';
import { instantAt } from '../parsing/moment.ts';
import { integerAt, isInstant, receiptChecks, requestChecks } from './receipt-checks.ts';
import { hashLowerCase } from './text-hash.ts';

/** The form of lines that are a receipt each: where its members are. */
export interface ReceiptForm {
  readonly matches: FormMatcher['matches'];
  /** Whether the line that matched last is surely valid. */
  isValid(bytes: Buffer): boolean;
  /** Visits the requests of that line: `hashText` of the id, and when it was answered by the vault's clock; milliseconds. */
  visitRequests(bytes: Buffer, visit: (hash: number, answered: number) => void): number;
  /** Whether such lines are receipts that were posted. */
  readonly isPosted: boolean;
  /** The receipt of that line. */
  receipt(bytes: Buffer): Receipt;
  /** What that line, which begins at `start`, says: the receipt, or the object that has it, with its times and `kept`. */
  value(bytes: Buffer, start: number): unknown;
}

/** `receipt`: what the line says, by the parser. `path`: where in the line it is. */
export function createReceiptForm(
  line: string,
  receipt: Receipt,
  path: readonly string[],
  memory: LineMemory | null,
): ReceiptForm | null {
  const form = formOf(line);
  if (form === null) return null;
  const matcher = createMatcher(form, null, memory);
  const requests = receipt.requests.map((_, index) => [...path, 'requests', String(index)]);
  const checks = checksOf(form, path, requests);
  if (checks === null) return null;
  const { starts, ends } = matcher;
  const find = (...names: readonly string[]) => form.contents.findIndex((one) => one.path === pathOf(...names));
  const offset = find(...path, 'clockOffsetMs');
  const places = requests.map((names) => ({ id: find(...names, 'id'), at: find(...names, 'at') }));
  const read = createReader(matcher, form, path, receipt);
  const beside = ['postedAt', 'kept'].flatMap((name) => {
    const value = path.length === 0 ? undefined : form.values.get(name);
    return value === undefined ? [] : [{ name, part: matcher.part(value.from, value.to) }];
  });
  return {
    matches: matcher.matches,
    isValid: createContentCheck(matcher, checks),
    visitRequests(bytes, visit) {
      const correction = offset === -1 ? 0 : integerAt(bytes, starts[offset] ?? 0, ends[offset] ?? 0);
      for (const { id, at } of places) {
        const answered = instantAt(bytes, starts[at] ?? 0, ends[at] ?? 0);
        visit(hashLowerCase(bytes, starts[id] ?? 0, ends[id] ?? 0), answered + correction);
      }
      return places.length;
    },
    isPosted: path.length > 0 && form.contents.some((one) => one.isText && one.path === 'postedAt'),
    receipt: read,
    value(bytes, start) {
      if (path.length === 0) return read(bytes);
      const value: Record<string, unknown> = { receipt: read(bytes) };
      for (const { name, part } of beside) value[name] = JSON.parse(part(bytes, start));
      return value;
    },
  };
}

/** The check of each content; `null` for a receipt with one that has none. What is beside the receipt is not checked. */
function checksOf(
  { contents }: LineForm,
  path: readonly string[],
  requests: readonly (readonly string[])[],
): readonly (ContentCheck | null)[] | null {
  const known = new Map<string, ContentCheck>([['postedAt', isInstant]]);
  for (const [name, check] of Object.entries(receiptChecks)) known.set(pathOf(...path, name), check);
  for (const names of requests)
    for (const [name, check] of Object.entries(requestChecks)) known.set(pathOf(...names, name), check);
  const checks = contents.map((content) => known.get(content.path) ?? null);
  const within = path.length === 0 ? '' : `${pathOf(...path)}\n`;
  const isKnown = contents.every((content, index) => checks[index] !== null || !content.path.startsWith(within));
  return isKnown ? checks : null;
}

function createReader(
  matcher: FormMatcher,
  { contents }: LineForm,
  path: readonly string[],
  first: Receipt,
): (bytes: Buffer) => Receipt {
  const { starts, ends } = matcher;
  const find = (...names: readonly string[]) =>
    contents.findIndex((content) => content.path === pathOf(...path, ...names));
  // A member without a content is `null` in every line of the form.
  const text = (...names: readonly string[]) => {
    const index = find(...names);
    return index === -1 ? () => '' : (bytes: Buffer) => matcher.content(bytes, index);
  };
  const textOrNull = (...names: readonly string[]) => {
    const index = find(...names);
    return index === -1 ? () => null : (bytes: Buffer) => matcher.content(bytes, index);
  };
  const number = (...names: readonly string[]) => {
    const index = find(...names);
    return (bytes: Buffer) => integerAt(bytes, starts[index] ?? 0, ends[index] ?? 0);
  };
  const numberOrNull = (...names: readonly string[]) => (find(...names) === -1 ? () => null : number(...names));
  const requests = first.requests.map((_, index) => {
    const names = ['requests', String(index)];
    return { id: text(...names, 'id'), status: number(...names, 'status'), at: text(...names, 'at') };
  });
  const job = jobReader(matcher, find, { text, number, numberOrNull });
  const read = {
    nonce: text('nonce'),
    sequence: number('sequence'),
    vault: text('vault'),
    secret: text('secret'),
    version: textOrNull('version'),
    clientRequestId: text('clientRequestId'),
    address: textOrNull('address'),
    clockOffsetMs: numberOrNull('clockOffsetMs'),
    previous: textOrNull('previous'),
  };
  return (bytes) => ({
    format: 1,
    job: job(bytes),
    nonce: read.nonce(bytes),
    sequence: read.sequence(bytes),
    vault: read.vault(bytes),
    secret: read.secret(bytes),
    opaque: first.opaque,
    version: read.version(bytes),
    clientRequestId: read.clientRequestId(bytes),
    requests: requests.map(({ id, status, at }) => ({ id: id(bytes), status: status(bytes), at: at(bytes) })),
    address: read.address(bytes),
    clockOffsetMs: read.clockOffsetMs(bytes),
    previous: read.previous(bytes),
  });
}

interface Readers {
  readonly text: (...names: readonly string[]) => (bytes: Buffer) => string;
  readonly number: (...names: readonly string[]) => (bytes: Buffer) => number;
  readonly numberOrNull: (...names: readonly string[]) => (bytes: Buffer) => number | null;
}

/** The numbers of the job are those of the receipt before it, as long as their bytes are. */
function jobReader(
  matcher: FormMatcher,
  find: (...names: readonly string[]) => number,
  { text, number, numberOrNull }: Readers,
): (bytes: Buffer) => JobNumbers {
  const members = ['instance', 'repositoryId', 'runId', 'attempt', 'jobId', 'taskId'];
  const contents = members.map((name) => find('job', name)).filter((index) => index !== -1);
  const instance = text('job', 'instance');
  const repositoryId = numberOrNull('job', 'repositoryId');
  const runId = number('job', 'runId');
  const attempt = number('job', 'attempt');
  const jobId = number('job', 'jobId');
  const taskId = number('job', 'taskId');
  let last: { readonly change: number; readonly job: JobNumbers } | null = null;
  return (bytes) => {
    const change = matcher.lastChange(contents);
    if (last?.change !== change) {
      const job = {
        instance: instance(bytes),
        repositoryId: repositoryId(bytes),
        runId: runId(bytes),
        attempt: attempt(bytes),
        jobId: jobId(bytes),
        taskId: taskId(bytes),
      };
      last = { change, job };
    }
    return last.job;
  };
}
