import { randomUUID } from 'node:crypto';
import { ServiceError, type ErrorDetails } from '../../service-error.ts';
import { exchangeFailure, type HttpAnswer, type HttpExchange } from '../http-exchange.ts';
import type { Runtime } from '../runtime.ts';
import { type JobKey, proveRequest } from './job-key.ts';

/** What every request to the broker needs. */
export interface BrokerCall {
  readonly exchange: HttpExchange;
  readonly runtime: Runtime;
  /** Without a trailing slash. */
  readonly service: string;
  readonly key: JobKey;
  readonly authority: string | undefined;
  readonly patienceMs: number;
  /** Prints a line for the reader of the job's log. */
  readonly say: (line: string) => void;
}

type Secret = { readonly vault: string; readonly name: string; readonly version: string | null };
type BrokerBody = Readonly<Record<string, unknown>>;
type Answered = Readonly<Record<string, unknown>>;

const timeoutMs = 20_000;
const firstPauseMs = 500;
/** A person who approves is not waited for longer than this after the approval. */
const longestPauseMs = 5_000;

/**
 * Sends one signed request and returns its answer. While the broker cannot look (503) or throttles, and while it cannot be
 * reached, it is asked again with a new proof, as long as patience lasts: a read that is made twice is two entries of its
 * journal. @throws ServiceError for every refusal, with what the broker says printed first.
 */
export async function askBroker(
  { exchange, runtime, service, key, authority, patienceMs, say }: BrokerCall,
  path: string,
  { body, about, bearer }: { readonly body: BrokerBody; readonly about: Secret | null; readonly bearer?: string },
): Promise<Answered> {
  const url = `${service}${path}`;
  const text = JSON.stringify(body);
  const until = runtime.now().getTime() + patienceMs;
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
    const at = runtime.now();
    const headers = {
      'content-type': 'application/json',
      dpop: proveRequest(key, { method: 'POST', url, body: text, at, id: randomUUID() }),
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    };
    const answer = await send(exchange, { method: 'POST', url, headers, body: text, timeoutMs, authority });
    if (typeof answer !== 'string' && answer.status === 200) return parsed(answer.body);
    const error = refusal(answer, { service, about, say });
    // A read that waits for a person is asked for again by a look: a read counts once, and each is on record.
    const isWaiting = error.code === 'ACCESS_NOT_APPROVED' && body['look'] !== true;
    if (isWaiting || error.retry !== 'backoff' || runtime.now().getTime() + pause > until) throw error;
    await runtime.wait(pause);
  }
}

/** Returns the answer, or the reason why there is none. */
async function send(exchange: HttpExchange, request: Parameters<HttpExchange>[0]): Promise<HttpAnswer | string> {
  try {
    return await exchange(request);
  } catch (error) {
    return exchangeFailure(error);
  }
}

interface Asked {
  readonly service: string;
  readonly about: Secret | null;
  readonly say: (line: string) => void;
}

/** The failure that an answer states. What the broker says is printed for the reader of the log; details hold codes alone. */
function refusal(answer: HttpAnswer | string, { service, about, say }: Asked): ServiceError {
  if (typeof answer === 'string') return new ServiceError('BROKER_UNREACHABLE', { service, reason: answer });
  const error = propertiesOf(parsed(answer.body)['error']);
  const code = codeIn(error['code']);
  const because = Array.isArray(error['because']) ? error['because'].map(propertiesOf) : [];
  for (const { says } of because) if (typeof says === 'string') say(says.slice(0, 500));
  const secret = about === null ? {} : { vault: about.vault, secret: about.name };
  switch (code) {
    case 'BROKER_READ_REFUSED':
      if (because.some((one) => one['code'] === 'approval-needed'))
        return new ServiceError('ACCESS_NOT_APPROVED', {
          vault: '',
          secret: '',
          ...secret,
          request: grantIn(error['request']),
        });
      return new ServiceError('BROKER_READ_REFUSED', {
        vault: '',
        secret: '',
        ...secret,
        because: because.map((one) => codeIn(one['code'])),
      });
    case 'SECRET_MISSING':
    case 'SECRET_DISABLED':
      return new ServiceError(code, {
        vault: '',
        secret: '',
        ...secret,
        version: about?.version ?? null,
      });
    case 'BROKER_SECOND_KEY':
      return new ServiceError(code, { session: detailOf(error, 'session') });
    case 'BROKER_JOB_NOT_CONFIRMED':
    case 'BROKER_PROOF_REFUSED':
      return new ServiceError(code, { reason: detailOf(error, 'reason') });
    default: {
      const reason = code === 'unknown' ? `HTTP ${String(answer.status)}` : code;
      const details: ErrorDetails['BROKER_UNREACHABLE'] = { service, reason };
      const isForLater = answer.status >= 500 || answer.status === 429;
      return new ServiceError(isForLater ? 'BROKER_UNREACHABLE' : 'BROKER_ANSWER_UNKNOWN', details);
    }
  }
}

/** What a job waits for is told once, however often it asks. */
export function sayOnce(say: (line: string) => void): (line: string) => void {
  const told = new Set<string>();
  return (line) => {
    if (!told.has(line)) say(line);
    told.add(line);
  };
}

/** The name of a request for access. */
function grantIn(value: unknown): string {
  return typeof value === 'string' && /^[0-9a-f-]{1,30}\.[0-9a-f]{12}$/.test(value) ? value : 'unknown';
}

/** Words from outside count as codes alone. */
function codeIn(value: unknown): string {
  return typeof value === 'string' && /^[A-Za-z][A-Za-z0-9_-]{0,60}$/.test(value) ? value : 'unknown';
}

/** A detail in letters, digits and the marks of a sentence. */
function detailOf(error: Answered, name: string): string {
  const value = propertiesOf(error['details'])[name];
  return typeof value === 'string' && /^[\w .,:'-]{1,120}$/.test(value) ? value : 'not stated';
}

function parsed(text: string): Answered {
  try {
    return propertiesOf(JSON.parse(text));
  } catch {
    // A proxy may answer in HTML.
    return {};
  }
}

function propertiesOf(value: unknown): Answered {
  return typeof value === 'object' && value !== null ? (value as Answered) : {};
}
