import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Faults of an endpoint. */
export interface EndpointFaults {
  readonly ignoresSignature?: boolean;
  readonly ignoresAge?: boolean;
  readonly ignoresIdempotency?: boolean;
  readonly acceptsAnything?: boolean;
  readonly neverEnds?: boolean;
  /** Answers this many creating requests with 202 before it acts. */
  readonly acceptsFirst?: number;
  /** Refuses shorter values. */
  readonly leastLength?: number;
  readonly principal?: string;
  readonly redirectsTo?: string;
}

interface Credential {
  readonly credentialId: string;
  readonly name: string;
  readonly value: string;
}

/** An operator's endpoint, written only from docs/issuers.md. `key`: `whsec_…`. */
export async function webhookEndpoint(key: string, target: string, faults: EndpointFaults = {}) {
  const credentials: Credential[] = [];
  const answers = new Map<string, { status: number; body: unknown }>();
  const seen: { verb: string; headers: Record<string, unknown> }[] = [];
  let number = 0;
  let accepted = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const { headers, url = '' } = request;
      const verb = url.replace('/keyturn/', '');
      seen.push({ verb, headers });
      if (faults.redirectsTo !== undefined) {
        response.writeHead(307, { location: faults.redirectsTo }).end();
        return;
      }
      const idempotency = headers['idempotency-key'];
      const known =
        typeof idempotency === 'string' && faults.ignoresIdempotency !== true
          ? answers.get(`${verb} ${idempotency}`)
          : undefined;
      const answer = isSigned(headers, text)
        ? (known ?? act(verb, JSON.parse(text) as Record<string, string>))
        : { status: 401, body: null };
      if (typeof idempotency === 'string' && answer.status === 200) answers.set(`${verb} ${idempotency}`, answer);
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/keyturn`,
    credentials,
    seen,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  function isSigned(headers: Record<string, unknown>, text: string): boolean {
    const [id, time, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
      String(headers[name]),
    );
    const young = Math.abs(Date.now() / 1000 - Number(time)) <= 300;
    if (!young && faults.ignoresAge !== true) return false;
    if (faults.ignoresSignature === true) return true;
    const expected = createHmac('sha256', Buffer.from(key.replace('whsec_', ''), 'base64'))
      .update(`${String(id)}.${String(time)}.${text}`)
      .digest();
    return String(signatures)
      .split(' ')
      .map((one) => Buffer.from(one.replace('v1,', ''), 'base64'))
      .some((one) => one.length === expected.length && timingSafeEqual(one, expected));
  }

  function act(verb: string, asked: Record<string, string>): { status: number; body: unknown } {
    if (asked['target'] !== target) return { status: 404, body: null };
    const { name = '', value = '', credentialId = '' } = asked;
    switch (verb) {
      case 'create':
      case 'apply': {
        if (accepted < (faults.acceptsFirst ?? 0)) {
          accepted += 1;
          return { status: 202, body: null };
        }
        if (verb === 'apply' && value.length < (faults.leastLength ?? 0)) return { status: 422, body: null };
        const there = credentials.find((one) => one.name === name);
        if (there !== undefined && faults.ignoresIdempotency !== true) {
          return verb === 'create'
            ? { status: 409, body: null }
            : { status: 200, body: { credentialId: there.credentialId } };
        }
        number += 1;
        const made = {
          credentialId: `c${String(number)}`,
          name,
          value: verb === 'create' ? randomBytes(20).toString('hex') : value,
        };
        credentials.push(made);
        return {
          status: 200,
          body:
            verb === 'create'
              ? { credentialId: made.credentialId, value: made.value }
              : { credentialId: made.credentialId },
        };
      }
      case 'verify': {
        const works = credentials.some((one) => one.value === value) || faults.acceptsAnything === true;
        return {
          status: 200,
          body: works
            ? { outcome: 'works', principal: faults.principal ?? 'svc-orders' }
            : { outcome: 'refused', authenticated: false },
        };
      }
      case 'describe':
        return {
          status: 200,
          body: { credentials: credentials.map((one) => ({ credentialId: one.credentialId, name: one.name })) },
        };
      case 'revoke': {
        const at = credentials.findIndex((one) => one.credentialId === credentialId);
        if (at !== -1 && faults.neverEnds !== true) credentials.splice(at, 1);
        return { status: 200, body: { outcome: at === -1 ? 'absent' : 'revoked' } };
      }
      default:
        return { status: 404, body: null };
    }
  }
}
