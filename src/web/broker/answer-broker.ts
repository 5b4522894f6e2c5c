import { z } from 'zod';
import { SecretValue } from '../../secrets/secret-value.ts';
import { type ErrorCode, ServiceError } from '../../service-error.ts';
import { parseJson, readBody } from '../read-body.ts';
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
    if (answer.kind === 'refused') {
      return Response.json(
        { error: { code: 'BROKER_READ_REFUSED', because: answer.because, request: answer.request } },
        { status: 403, headers: notStored },
      );
    }
    if (answer.kind === 'approved') return Response.json({ standing: 'approved' }, { headers: notStored });
    const { value, version, validFrom, expires, requestId, at } = answer.secret;
    const facts = { version, validFrom: timeOf(validFrom), expires: timeOf(expires), requestId, at: timeOf(at) };
    // The one place where a value leaves the service: to the job that its key and Gitea prove.
    return Response.json({ ...facts, value: value.reveal() }, { headers: notStored });
  });
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
