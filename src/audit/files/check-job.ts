import { checkRecord } from '../../records/parse-record.ts';
import type { Job } from '../model/job.ts';
import { jobShape } from '../model/job-shape.ts';
import { instantOf } from '../parsing/moment.ts';

/**
 * Checks a job as `jobShape` does, which takes twenty times as long: jobs of files come by the hundred thousand. A value
 * that is not plainly a job is left to the shape, which says where the fault is and leaves out what it does not name.
 * @throws ServiceError `RECORD_UNREADABLE`.
 */
export function checkJob(value: unknown, path: string): Job {
  return isPlainJob(value) ? value : checkRecord(jobShape, value, path);
}

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isInteger: Check = (value) => Number.isSafeInteger(value);
const isTime: Check = (value) => typeof value === 'string' && !Number.isNaN(instantOf(value));
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const oneOf = (...words: readonly unknown[]): Check => {
  const known = new Set(words);
  return (value) => known.has(value);
};

const required: readonly (readonly [keyof Job, Check])[] = [
  ['format', oneOf(1)],
  ['instance', isText],
  ['repositoryId', isInteger],
  ['repository', isText],
  ['runId', isInteger],
  ['jobId', isInteger],
  ['attempt', isInteger],
  ['taskId', orNull(isInteger)],
  ['name', isText],
  ['runnerId', orNull(isInteger)],
  ['runnerName', orNull(isText)],
  ['labels', (value) => Array.isArray(value) && value.every(isText)],
  ['status', oneOf('queued', 'waiting', 'in_progress', 'completed')],
  ['conclusion', oneOf('success', 'failure', 'cancelled', 'skipped', null)],
  ['createdAt', isTime],
  ['startedAt', orNull(isTime)],
  ['completedAt', orNull(isTime)],
  ['event', isText],
  ['branch', orNull(isText)],
  ['fork', oneOf(true, false, 'unknown')],
  ['known', oneOf('api', 'hook')],
  ['url', orNull(isText)],
];

const optional: readonly (readonly [keyof Job, Check])[] = [
  ['workflow', orNull(isText)],
  ['forkUnknownBecause', isText],
  ['endedBetween', isSpan],
];

/** Whether it is a job without any other member. */
function isPlainJob(value: unknown): value is Job {
  if (!isObject(value)) return false;
  let members = required.length;
  for (const [name, check] of required) if (!check(value[name])) return false;
  for (const [name, check] of optional) {
    if (!Object.hasOwn(value, name)) continue;
    if (!check(value[name])) return false;
    members += 1;
  }
  return Object.keys(value).length === members;
}

function isSpan(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length === 2 && isTime(value['after']) && isTime(value['before']);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
