import { z } from 'zod';
import { encodeHead, jailGrades, parseUseHead, useHeaders } from '../../provenance/use-exchange.ts';
import { SecretValue } from '../../secrets/secret-value.ts';
import { type ErrorCode, ServiceError } from '../../service-error.ts';
import { bytesOf, parseJson, readBody } from '../read-body.ts';
import type { BrokerPort } from './broker-port.ts';
import { type SignedRequest, verifyRequestProof } from './request-proof.ts';

const limitBytes = 4 * 1024;

interface Ports {
  /** `null`: this process is no broker. */
  readonly broker: BrokerPort | null;
  readonly now: () => Date;
}

/** The body of `POST /broker/sessions`. */
export const openSessionShape = z.strictObject({ repository: z.string().regex(/^[\w.-]{1,100}\/[\w.-]{1,100}$/) });
/** The body of `POST /broker/reads`. */
export const readShape = z.strictObject({
  session: z.string().regex(/^[0-9a-f]{8}-\d{1,15}$/),
  vault: z.string().regex(/^[A-Za-z][A-Za-z0-9-]{1,62}$/),
  name: z.string().regex(/^[0-9A-Za-z-]{1,127}$/),
  version: z
    .string()
    .regex(/^[0-9a-zA-Z]{1,64}$/)
    .nullable(),
  /** Asks whether a read that was refused is approved now, and for no value. */
  look: z.literal(true).optional(),
});

/**
 * `POST /broker/sessions`: binds a key to the running job of a runtime token. 200 with the session; 401 if the proof or the
 * job does not hold; 409 if the job has another key; 503 if Gitea did not answer.
 */
export async function openBrokerSession(request: Request, { broker, now }: Ports): Promise<Response> {
  return await answering(broker, async (port) => {
    const credential = /^Bearer ([\w.~+/=-]{20,8192})$/.exec(request.headers.get('authorization') ?? '')?.[1];
    if (credential === undefined) return refusal(401, 'BROKER_JOB_NOT_CONFIRMED', 'A runtime token is missing.');
    const signed = await signedRequest(request);
    const { key } = await verifyRequestProof(signed, now());
    const { repository } = parsed(openSessionShape, signed);
    const session = await port.openSession({ credential: new SecretValue(credential), repository, key });
    return Response.json(session, { headers: notStored });
  });
}

/**
 * `POST /broker/reads`: one value for the job of a session, or with `look` only whether its read is approved now. 200 with the
 * value, or with `standing`; 403 with every reason and what would help;
 * 401 if the proof does not hold; 503 if Gitea or the vault did not answer.
 */
export async function readThroughBroker(request: Request, { broker, now }: Ports): Promise<Response> {
  return await answering(broker, async (port) => {
    const signed = await signedRequest(request);
    const proof = await verifyRequestProof(signed, now());
    const { session, look = false, ...secret } = parsed(readShape, signed);
    const asked = { session, secret, proof };
    const answer = look ? await port.look(asked) : await port.read(asked);
    if (answer.kind === 'refused') return refused('BROKER_READ_REFUSED', answer);
    if (answer.kind === 'approved') return Response.json({ standing: 'approved' }, { headers: notStored });
    const { value, version, validFrom, expires, requestId, at } = answer.secret;
    const facts = { version, validFrom: timeOf(validFrom), expires: timeOf(expires), requestId, at: timeOf(at) };
    // The one place where a value leaves the service: to the job that its key and Gitea prove.
    return Response.json({ ...facts, value: value.reveal() }, { headers: notStored });
  });
}

/** The body of `POST /broker/uses/placeholders`. */
export const placeholdersShape = z.strictObject({
  session: readShape.shape.session,
  secrets: z
    .array(z.string().regex(/^[A-Za-z][A-Za-z0-9-]{1,62}\/[0-9A-Za-z-]{1,127}$/))
    .min(1)
    .max(20),
  jail: z.enum(jailGrades),
});

/**
 * `POST /broker/uses/placeholders`: what a command is given in the place of values that it may use and never has. 200 with a
 * placeholder for each secret; 403 with every reason if one of them is refused.
 */
export async function givePlaceholders(request: Request, { broker, now }: Ports): Promise<Response> {
  return await answering(broker, async (port) => {
    const signed = await signedRequest(request);
    const proof = await verifyRequestProof(signed, now());
    const { session, secrets, jail } = parsed(placeholdersShape, signed);
    const asked = secrets.map((written) => {
      const [vault = '', name = ''] = written.split('/');
      return { vault, name, version: null };
    });
    const answer = await port.placeholders({ session, proof, secrets: asked, jail });
    if (answer.kind === 'refused') return refused('BROKER_READ_REFUSED', answer);
    return Response.json({ placeholders: answer.placeholders }, { headers: notStored });
  });
}

/**
 * `POST /broker/uses`: one request that the broker makes in the job's place. 200 with the upstream's answer, whatever its status:
 * head in a header, body redacted as it streams; 403 with every reason; 502 if the upstream could not be asked or its answer
 * not be searched.
 */
export async function useThroughBroker(request: Request, { broker, now }: Ports): Promise<Response> {
  return await answering(broker, async (port) => {
    const { headers, method, url, body } = request;
    const text = headers.get(useHeaders.request) ?? '';
    const signed = { proof: headers.get('dpop'), method, url, body: Buffer.from(text) };
    const proof = await verifyRequestProof(signed, now());
    const head = parseUseHead(text);
    const session = readShape.shape.session.safeParse(headers.get(useHeaders.session));
    if (head === null) throw new ServiceError('REQUEST_MALFORMED', { place: useHeaders.request, reason: 'is no head' });
    if (!session.success)
      throw new ServiceError('REQUEST_MALFORMED', { place: useHeaders.session, reason: 'is no session' });
    const answer = await port.use({ session: session.data, proof, head, body: bytesOf(body) });
    if (answer.kind === 'refused') return refused('BROKER_USE_REFUSED', answer);
    return new Response(streamOf(answer.body), {
      headers: {
        ...notStored,
        'content-type': 'application/octet-stream',
        [useHeaders.answer]: encodeHead(answer.head),
      },
    });
  });
}

/** What the job does not read is not asked for; when it leaves, the broker is told. */
function streamOf(body: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const parts = body[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const part = await parts.next();
        if (part.done === true) controller.close();
        else controller.enqueue(part.value);
      },
      async cancel() {
        await parts.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

function refused(
  code: 'BROKER_READ_REFUSED' | 'BROKER_USE_REFUSED',
  { because, request }: { readonly because: readonly object[]; readonly request: string | null },
): Response {
  return Response.json({ error: { code, because, request } }, { status: 403, headers: notStored });
}

const notStored = { 'cache-control': 'no-store', pragma: 'no-cache' };

async function answering(
  broker: BrokerPort | null,
  answer: (port: BrokerPort) => Promise<Response>,
): Promise<Response> {
  if (broker === null) return refusal(404, 'NO_BROKER', 'This process is no broker.');
  try {
    return await answer(broker);
  } catch (error) {
    if (!ServiceError.is(error)) throw error;
    return refusal(statuses[error.code] ?? 503, error.code, error.says, error.details);
  }
}

/** Every other failure is one of Gitea, of the vault or of the records: ask again later. */
const statuses: Readonly<Partial<Record<ErrorCode, number>>> = {
  REQUEST_MALFORMED: 400,
  REQUEST_TOO_LARGE: 413,
  BROKER_PROOF_REFUSED: 401,
  BROKER_JOB_NOT_CONFIRMED: 401,
  BROKER_SECOND_KEY: 409,
  SECRET_MISSING: 404,
  SECRET_DISABLED: 404,
  VALUE_NOT_USABLE: 502,
  UPSTREAM_UNKNOWN: 502,
  UPSTREAM_ADDRESS_REFUSED: 502,
  UPSTREAM_NOT_VERIFIED: 502,
  UPSTREAM_UNREACHABLE: 502,
  UPSTREAM_ANSWER_REFUSED: 502,
};

function refusal(status: number, code: string, says: string, details: object = {}): Response {
  return Response.json({ error: { code, says, details } }, { status, headers: notStored });
}

async function signedRequest(request: Request): Promise<SignedRequest> {
  const body = await readBody(request, limitBytes);
  return { proof: request.headers.get('dpop'), method: request.method, url: request.url, body };
}

function parsed<Content>(shape: z.ZodType<Content>, { body }: SignedRequest): Content {
  const read = shape.safeParse(parseJson(Buffer.from(body)));
  if (read.success) return read.data;
  const place = read.error.issues[0]?.path.join('.') ?? '';
  throw new ServiceError('REQUEST_MALFORMED', { place: place === '' ? 'body' : place, reason: 'is not of its form' });
}

function timeOf(time: Date | null): string | null {
  return time?.toISOString() ?? null;
}
