import { randomUUID } from 'node:crypto';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  encodeHead,
  type JailGrade,
  mostHeadCharacters,
  parseAnswerHead,
  type Placeholder,
  placeholderPattern,
  useHeaders,
} from '../../provenance/use-exchange.ts';
import { ServiceError } from '../../service-error.ts';
import { askBroker, type BrokerCall } from '../broker/ask-broker.ts';
import { proveRequest } from '../broker/job-key.ts';
import { startRequest } from './start-request.ts';
import type { AskForUse, UseOutcome } from './use-proxy.ts';

/** No refusal is longer. */
const mostRefusalBytes = 65_536;

interface Wanted {
  /** `vault/name` of each. */
  readonly secrets: readonly string[];
  readonly jail: JailGrade;
}

/**
 * Asks for a placeholder of each secret, and waits for a person where one must approve, as long as patience lasts. Returns
 * them in the order asked.
 * @throws ServiceError `BROKER_READ_REFUSED`, `ACCESS_NOT_APPROVED` and the others of the broker
 */
export async function askForPlaceholders(
  call: BrokerCall,
  session: string,
  wanted: Wanted,
): Promise<readonly Placeholder[]> {
  const until = call.runtime.now().getTime() + call.patienceMs;
  try {
    return await askOnce(call, session, wanted);
  } catch (error) {
    if (!ServiceError.is(error, 'ACCESS_NOT_APPROVED')) throw error;
  }
  // One by one: only then is it known which of them a person must approve.
  const given: Placeholder[] = [];
  for (const secret of wanted.secrets)
    given.push(...(await askWhenApproved(call, session, { until, wanted: { ...wanted, secrets: [secret] } })));
  return given;
}

async function askWhenApproved(
  call: BrokerCall,
  session: string,
  { until, wanted }: { readonly until: number; readonly wanted: Wanted },
): Promise<readonly Placeholder[]> {
  const [vault = '', name = ''] = wanted.secrets[0]?.split('/') ?? [];
  const about = { vault, name, version: null };
  for (;;) {
    try {
      return await askOnce(call, session, wanted);
    } catch (error) {
      const patienceMs = until - call.runtime.now().getTime();
      if (!ServiceError.is(error, 'ACCESS_NOT_APPROVED') || patienceMs <= 0) throw error;
      const body = { session, ...about, look: true };
      await askBroker({ ...call, patienceMs }, '/broker/reads', { body, about });
    }
  }
}

/** Asks once, and waits for nobody. @throws ServiceError as `askForPlaceholders` */
export async function askOnce(
  call: BrokerCall,
  session: string,
  { secrets, jail }: Wanted,
): Promise<readonly Placeholder[]> {
  const answer = await askBroker(call, '/broker/uses/placeholders', {
    body: { session, secrets, jail },
    about: aboutOf(secrets),
  });
  const listed: readonly unknown[] = Array.isArray(answer['placeholders']) ? answer['placeholders'] : [];
  const given = listed.flatMap((one) => (isPlaceholder(one) ? [one] : []));
  if (given.length === secrets.length) return given;
  throw new ServiceError('BROKER_ANSWER_UNKNOWN', { service: call.service, reason: 'no placeholders' });
}

/** The secret that a refusal is about, if there is only one. */
function aboutOf([first = '', ...others]: readonly string[]) {
  const [vault = '', name = ''] = first.split('/');
  return others.length === 0 ? { vault, name, version: null } : null;
}

function isPlaceholder(value: unknown): value is Placeholder {
  if (typeof value !== 'object' || value === null) return false;
  const { secret, placeholder, hosts } = value as Readonly<Record<string, unknown>>;
  return (
    typeof secret === 'string' &&
    typeof placeholder === 'string' &&
    placeholder.replace(placeholderPattern, '') === '' &&
    Array.isArray(hosts) &&
    hosts.every((host) => typeof host === 'string')
  );
}

/**
 * Asks the broker to make one request, with a proof over its head, and streams both bodies. A request is sent once: only the
 * broker knows whether it was made.
 */
export function useThroughBroker(call: BrokerCall, session: string): AskForUse {
  const { service, key, authority, runtime } = call;
  const url = `${service}/broker/uses`;
  return async (head, body, abandoned) => {
    const text = encodeHead(head);
    if (text.length > mostHeadCharacters)
      return { kind: 'refused', status: 431, sentence: 'The headers of the request are too long.' };
    const proof = proveRequest(key, { method: 'POST', url, body: text, at: runtime.now(), id: randomUUID() });
    const headers = {
      [useHeaders.session]: session,
      [useHeaders.request]: text,
      dpop: proof,
      'content-type': 'application/octet-stream',
      ...(head.length === null ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(head.length) }),
    };
    const request = startRequest(url, { method: 'POST', headers, signal: abandoned, authority });
    const response = await answerOf(request, body);
    const written = response.headers[useHeaders.answer];
    const answered = typeof written === 'string' ? parseAnswerHead(written) : null;
    if (response.statusCode === 200 && answered !== null) return { kind: 'answered', head: answered, body: response };
    return await refusalIn(response);
  };
}

/** Sends the body and returns the answer, which may come before the whole body was taken. */
async function answerOf(request: ClientRequest, body: Readable): Promise<IncomingMessage> {
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', reject);
    request.once('close', () => reject(new Error('No answer.')));
  });
  const sent = pipeline(body, request);
  // A broker that refuses does not read to the end.
  sent.catch(() => undefined);
  return await answered;
}

async function refusalIn(response: IncomingMessage): Promise<UseOutcome> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > mostRefusalBytes) break;
    parts.push(part);
  }
  const { statusCode = 502 } = response;
  const status = statusCode === 403 || statusCode === 429 || statusCode === 431 ? statusCode : 502;
  return { kind: 'refused', status, sentence: sentenceIn(Buffer.concat(parts).toString('utf8')) };
}

/** What the broker says, as text in which nothing can be a command. */
function sentenceIn(text: string): string {
  const error = propertiesOf(propertiesOf(parsed(text))['error']);
  const because = Array.isArray(error['because']) ? error['because'].map((one) => propertiesOf(one)['says']) : [];
  const said = [error['says'], ...because].filter((says) => typeof says === 'string');
  const whole = said
    .join(' ')
    .replace(/[^\u0020-\u007e]/g, '?')
    .slice(0, 2000);
  return whole === '' ? 'The broker did not answer as a broker does.' : whole;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy may answer in HTML.
    return null;
  }
}

function propertiesOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
