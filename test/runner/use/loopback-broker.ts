import { createServer, type IncomingMessage, request as send, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import {
  encodeHead,
  forbiddenInHead,
  parseUseHead,
  placeholderPattern,
  placeholderPrefix,
  type UseHead,
  useHeaders,
} from '../../../src/provenance/use-exchange.ts';
import { verifyRequestProof } from '../../../src/web/broker/request-proof.ts';

/** A broker of the contract alone: whatever job asks gets placeholders, and every use is made at a server of this machine. */
export interface LoopbackBroker {
  readonly url: string;
  /** Every use that it was asked for, as it was written. */
  readonly asked: UseHead[];
  /** The bodies of the requests for placeholders. */
  readonly placeholdersAsked: Readonly<Record<string, unknown>>[];
  /** What each placeholder was given for. */
  readonly placeholders: ReadonlyMap<string, string>;
  /** Names a host, with the port of a server of this machine that stands for it. */
  serve(host: string, port: number): void;
  /** Answers uses in this way from now on; `null`: makes the request. */
  answerWith(answer: Answer | null): void;
  stop(): Promise<void>;
}

type Answer = (head: UseHead, request: IncomingMessage, response: ServerResponse) => void;

/** `values`: by the name of the secret. */
export async function startLoopbackBroker(values: Readonly<Record<string, string>>): Promise<LoopbackBroker> {
  const asked: UseHead[] = [];
  const placeholdersAsked: Readonly<Record<string, unknown>>[] = [];
  const placeholders = new Map<string, string>();
  const upstreams = new Map<string, number>();
  let answerWith: Answer | null = null;
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else refuse(response, 502, { code: 'UPSTREAM_UNREACHABLE', says: String(error) });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    url,
    asked,
    placeholdersAsked,
    placeholders,
    serve: (host, port) => void upstreams.set(host, port),
    answerWith(given) {
      answerWith = given;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/broker/sessions') return json(response, 200, { session: '0a1b2c3d-7' });
    const written = request.headers[useHeaders.request];
    const isUse = request.url === '/broker/uses';
    const signed = isUse ? Buffer.from(typeof written === 'string' ? written : '') : await wholeBody(request);
    const proof = request.headers['dpop'];
    const about = { method: request.method ?? '', url: `${url}${request.url ?? ''}`, body: signed };
    await verifyRequestProof({ ...about, proof: typeof proof === 'string' ? proof : null }, new Date());
    if (!isUse) return answerPlaceholders(signed, response);
    const head = parseUseHead(signed.toString('latin1'));
    if (head === null || head.headers.some(([name]) => forbiddenInHead.has(name.toLowerCase())))
      return refuse(response, 400, { code: 'REQUEST_MALFORMED', says: 'no head' });
    asked.push(head);
    if (answerWith !== null) return answerWith(head, request, response);
    await use(head, request, response);
  }

  function answerPlaceholders(body: Buffer, response: ServerResponse): void {
    const read = JSON.parse(body.toString('utf8')) as { readonly secrets: readonly string[] };
    placeholdersAsked.push(read);
    const given = read.secrets.map((secret, index) => {
      const name = secret.split('/')[1] ?? '';
      const placeholder = `${placeholderPrefix}${`${name}${String(index)}`.padEnd(32, '_').slice(0, 32)}`;
      placeholders.set(placeholder, values[name] ?? '');
      return { secret, placeholder, hosts: [...upstreams.keys()] };
    });
    json(response, 200, { placeholders: given });
  }

  async function use(head: UseHead, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { hostname, pathname, search } = new URL(head.url);
    const headers = head.headers.map(([name, value]): [string, string] => [name, swapped(value)]);
    const length = head.length === null ? [] : [['content-length', String(head.length)] as const];
    const upstream = send({
      host: '127.0.0.1',
      port: upstreams.get(hostname) ?? 9,
      method: head.method,
      path: `${pathname}${search}`,
      headers: [...headers, ['host', hostname], ...length].flat(),
    });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      upstream.once('response', resolve).once('error', reject);
    });
    pipeline(request, upstream).catch(() => undefined);
    const reply = await answered;
    const kept = pairsOf(reply.rawHeaders).filter(([name]) => !forbiddenInHead.has(name.toLowerCase()));
    response.writeHead(200, { [useHeaders.answer]: encodeHead({ status: reply.statusCode ?? 0, headers: kept }) });
    await pipeline(reply, response);
  }

  /** In a header: as it is, or inside Basic authentication. */
  function swapped(value: string): string {
    const [, basic] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(value) ?? [];
    if (basic !== undefined) {
      const text = Buffer.from(basic, 'base64').toString('utf8').replace(placeholderPattern, valueOf);
      return `Basic ${Buffer.from(text).toString('base64')}`;
    }
    return value.replace(placeholderPattern, valueOf);
  }

  function valueOf(placeholder: string): string {
    return placeholders.get(placeholder) ?? placeholder;
  }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function refuse(response: ServerResponse, status: number, error: object): void {
  json(response, status, { error });
}

async function wholeBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}

function pairsOf(raw: readonly string[]): readonly (readonly [string, string])[] {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ''] as const] : []));
}
