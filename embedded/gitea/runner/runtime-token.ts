import { createHmac, timingSafeEqual } from 'node:crypto';

/** The numbers that a runtime token carries: ids of the database. */
export interface RuntimeTokenNumbers {
  readonly taskId: number;
  readonly runId: number;
  readonly jobId: number;
}

// One hour and ENDLESS_TASK_TIMEOUT, which is three by default (services/actions/auth.go).
const lifetimeSeconds = 4 * 3600;

/** A JWT (HS256) as Gitea gives it to a task: claims `scp`, `TaskID`, `RunID`, `JobID`, `ac`, `nbf`, `exp`. */
export function mintRuntimeToken(numbers: RuntimeTokenNumbers, now: Date, key: Buffer): string {
  const at = Math.floor(now.getTime() / 1000);
  const claims = {
    exp: at + lifetimeSeconds,
    nbf: at,
    scp: `Actions.Results:${String(numbers.runId)}:${String(numbers.jobId)}`,
    TaskID: numbers.taskId,
    RunID: numbers.runId,
    JobID: numbers.jobId,
    ac: JSON.stringify([{ Scope: '', Permission: 2 }]),
  };
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${signed}.${sign(signed, key)}`;
}

/** The task that a token names, or `null` when this Gitea did not sign it or its time is over. */
export function taskOfRuntimeToken(token: string, now: Date, key: Buffer): number | null {
  const [header, payload, signature, ...rest] = token.split('.');
  if (header === undefined || payload === undefined || signature === undefined || rest.length > 0) return null;
  const expected = Buffer.from(sign(`${header}.${payload}`, key));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown>;
  const at = now.getTime() / 1000;
  if (Number(claims['exp']) <= at || Number(claims['nbf']) > at) return null;
  return Number(claims['TaskID']);
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function sign(text: string, key: Buffer): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}
