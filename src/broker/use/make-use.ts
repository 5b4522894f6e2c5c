import type { AnswerHead } from '../../provenance/use-exchange.ts';
import type { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import type { BrokerTools } from '../broker-tools.ts';
import { inTurn } from '../in-turn.ts';
import type { BrokerFacts } from '../journal/broker-entry.ts';
import { waitingReason } from '../judge-request.ts';
import type { TextRedaction } from '../ports/answer-redaction.ts';
import type { UpstreamAnswer } from '../ports/upstream.ts';
import { readStamped } from '../read-stamped.ts';
import { acceptedCodings, decodedBody, redactedBody } from './answer-body.ts';
import { answerHead, codingsOf } from './answer-head.ts';
import type { RequestBody } from './held-body.ts';
import { putValues } from './put-values.ts';
import type { UseAnswer, UseIntent } from './use-intent.ts';
import type { UseRequest } from './use-request.ts';

interface Use extends UseIntent {
  readonly session: string;
  readonly request: UseRequest;
  readonly body: RequestBody;
}

type Outcome = Extract<BrokerFacts, { readonly act: 'used' }>;

/** What has become of a use so far. */
interface Course {
  readonly of: number;
  status: number | null;
  bytesOut: number;
  bytesIn: number;
  readonly reads: Outcome['reads'];
}

/**
 * Makes a use that is on record: spends approvals, reads the values, sends, and returns the answer as it streams. `done` ends
 * when the outcome is on record.
 */
export async function makeUse(
  tools: BrokerTools,
  use: Use,
): Promise<{ readonly answer: UseAnswer; readonly done: Promise<void> }> {
  const course: Course = { of: use.of, status: null, bytesOut: 0, bytesIn: 0, reads: use.reads.map(() => null) };
  try {
    const unspent = await spendApprovals(tools, use);
    if (unspent !== null) {
      await conclude(tools, use, course, 'ACCESS_NOT_APPROVED');
      return {
        answer: { kind: 'refused', because: [waitingReason('waiting', [])], request: unspent },
        done: Promise.resolve(),
      };
    }
    const values = await readValues(tools, use, course);
    await refuseEnded(tools, use);
    const redaction = await tools.redaction.prepare([...values].map(([secret, value]) => ({ secret, value })));
    const sent = await send(tools, use, { values, course });
    return streaming(tools, use, { ...headAndBody(use, sent, redaction), course, abandon: sent.abandon });
  } catch (error) {
    if (!ServiceError.is(error)) throw error;
    await conclude(tools, use, course, error.code);
    throw error;
  }
}

/** Spent before the read: if the process dies here, an approval is lost and no value is used. Returns the one that is used up. */
async function spendApprovals({ access }: BrokerTools, { reads, session, of }: Use): Promise<string | null> {
  for (const [index, { grant }] of reads.entries()) {
    if (grant !== null && !(await access.spend(grant, readReference(session, of, index)))) return grant;
  }
  return null;
}

/** Where a read of a use is on record: of several in one entry, each after the first has a number of its own. */
function readReference(session: string, of: number, index: number): string {
  return `broker/${session}#${String(of)}${index === 0 ? '' : `.${String(index + 1)}`}`;
}

async function readValues(
  tools: BrokerTools,
  { reads, state }: Use,
  course: Course,
): Promise<ReadonlyMap<string, SecretValue>> {
  const values = new Map<string, SecretValue>();
  for (const [index, { vault, secret: name, nonce, put }] of reads.entries()) {
    const answered = (requestId: string): void => {
      course.reads[index] = { version: null, requestId };
    };
    const secret = { vault, name, version: null };
    const { value, version, requestId } = await readStamped(tools, { secret, state, nonce, answered });
    course.reads[index] = { version, requestId };
    // What is too short to be found in an answer must not be sent to where an answer comes from.
    if (put && !tools.redaction.canFind(value)) throw new ServiceError('VALUE_NOT_USABLE', { place: 'answer' });
    values.set(`${vault}/${name}`, value);
  }
  return values;
}

/** A second key may have ended the session while the vault was read. */
async function refuseEnded({ sessions }: BrokerTools, { session }: Use): Promise<void> {
  const { state } = await sessions.read(session);
  if (state?.ended === 'second-key') throw new ServiceError('BROKER_SECOND_KEY', { session });
}

async function send(
  { upstream }: BrokerTools,
  { request, body, decision: { swaps, addresses }, session }: Use,
  { values, course }: { readonly values: ReadonlyMap<string, SecretValue>; readonly course: Course },
): Promise<UpstreamAnswer> {
  const filled = putValues(request, body.whole, { swaps, values });
  const length = filled.body === null ? request.length : filled.body.length;
  const stream = filled.body === null ? body.stream : [filled.body];
  return await upstream.send({
    method: request.method,
    url: filled.url,
    headers: [
      ...filled.headers.filter(([name]) => !ofTheBroker.has(name.toLowerCase())),
      ['accept-encoding', acceptedCodings],
    ],
    length,
    body: counted(stream, (bytes) => {
      course.bytesOut += bytes;
    }),
    addresses,
    session,
  });
}

/** The broker asks for codings that it can take off, and for whole answers: a value cut in two is found in no part. */
const ofTheBroker: ReadonlySet<string> = new Set(['accept-encoding', 'range', 'if-range']);

/** @throws ServiceError `UPSTREAM_ANSWER_REFUSED`, after the upstream was let go of */
function headAndBody(
  { request: { method, url } }: Use,
  sent: UpstreamAnswer,
  redaction: () => TextRedaction,
): { readonly head: AnswerHead; readonly body: AsyncIterable<Buffer> } {
  const host = url.hostname;
  try {
    const head = answerHead(sent, { method, host, redaction });
    // The answer to HEAD names the coding of a body that does not come.
    const decoded = method === 'HEAD' ? sent.body : decodedBody(sent.body, codingsOf(sent), host);
    return { head, body: redactedBody(decoded, redaction()) };
  } catch (error) {
    sent.abandon();
    throw error;
  }
}

interface Streaming {
  readonly head: AnswerHead;
  readonly body: AsyncIterable<Buffer>;
  readonly course: Course;
  readonly abandon: () => void;
}

/** The answer on its way to the job. However it ends, its outcome is recorded before the job sees the end. */
function streaming(
  tools: BrokerTools,
  use: Use,
  { head, body, course, abandon }: Streaming,
): { readonly answer: UseAnswer; readonly done: Promise<void> } {
  course.status = head.status;
  const ended = Promise.withResolvers<void>();
  let outcome: Promise<void> | null = null;
  const end = async (code: string | null): Promise<void> => {
    if (code !== null) abandon();
    await (outcome ??= conclude(tools, use, course, code).finally(ended.resolve));
  };
  const parts = body[Symbol.asyncIterator]();
  // No generator: one that was never read from does not notice that its reader has gone.
  const stream: AsyncIterableIterator<Buffer> = {
    [Symbol.asyncIterator]: () => stream,
    async next() {
      const part = await parts.next().catch(async (error: unknown) => {
        await end(ServiceError.is(error) ? error.code : 'UNKNOWN');
        throw error;
      });
      if (part.done === true) await end(null);
      else course.bytesIn += part.value.length;
      return part;
    },
    async return() {
      await end('JOB_LEFT');
      return { done: true, value: undefined };
    },
  };
  return { answer: { kind: 'answered', head, body: stream }, done: ended.promise };
}

async function* counted(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const part of body) {
    count(part.byteLength);
    yield part;
  }
}

/** Records how a use ended. */
async function conclude(
  { sessions, now, watch }: BrokerTools,
  use: Use,
  course: Course,
  code: string | null,
): Promise<void> {
  const facts: Outcome = { act: 'used', ...course, reads: [...course.reads], code };
  await inTurn(sessions, use.session, async (journal) => await sessions.append(journal, { at: now(), facts }));
  const says = code ?? String(course.status);
  await watch({ kind: code === null ? 'used' : 'use-failed', session: use.session, host: use.request.url.host, says });
}
