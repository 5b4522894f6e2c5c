import { randomUUID } from 'node:crypto';
import { encodeHead, parseAnswerHead, type UseHead, useHeaders } from '../../src/provenance/use-exchange.ts';
import { type JobKey, makeJobKey, proveRequest } from '../../src/runner/broker/job-key.ts';
import { httpsUpstream } from '../../src/upstream/https-upstream.ts';
import { type BrokerWorld, noLimitMs, startBrokerWorld } from './broker-world.ts';
import { type HttpsService, startHttpsService } from './https-service.ts';

/** What a job's request for a use came to. */
interface Used {
  readonly status: number;
  /** The upstream's answer; `null` if the broker refused. */
  readonly answer: { readonly status: number; readonly headers: readonly (readonly [string, string])[] } | null;
  /** The body, as text of one byte a character. `error`: it broke off. */
  readonly text: string;
  readonly isCutOff: boolean;
  /** Codes of the refusal or of the failure. */
  readonly codes: readonly string[];
  readonly grant: string | null;
}

/** A job with its session and key, a broker, and a service to which the policy lets it make requests. */
export interface UseWorld extends Omit<BrokerWorld, 'stop' | 'second'> {
  readonly service: HttpsService;
  readonly session: string;
  readonly key: JobKey;
  /** Placeholders of secrets of the policy, by name. */
  placeholder(name: string): Promise<string>;
  askForPlaceholders(names: readonly string[]): ReturnType<BrokerWorld['send']>;
  use(
    head: Partial<UseHead>,
    sent?: { readonly body?: string | Uint8Array; readonly proof?: string; readonly world?: BrokerWorld },
  ): Promise<Used>;
  second(): BrokerWorld;
  endJob(): void;
  stop(): Promise<void>;
}

/** Every kind of place, on one service. */
const usesOf = (port: number): string => `format: 1
secrets:
  db-password:
    issuer: generated
    validity: 90d
    namespaces: [shop]
    delivery: use
    uses:
      - { hosts: [localhost], port: ${String(port)}, methods: [GET, POST, HEAD], paths: ['/v1/**'], place: 'header:authorization', addresses: loopback }
      - { hosts: [localhost], port: ${String(port)}, methods: [GET, POST], paths: ['/git/**'], place: basic, addresses: loopback }
      - { hosts: [localhost], port: ${String(port)}, methods: [GET], paths: [/query], place: 'query:key', addresses: loopback }
      - { hosts: [localhost], port: ${String(port)}, methods: [POST], paths: [/form], place: body, addresses: loopback }
      - { hosts: [127.0.0.1], port: ${String(port)}, methods: [GET], paths: [/v1/items], place: 'header:authorization' }
  payments:
    issuer: generated
    validity: 90d
    namespaces: [shop]
    access: { approval: required, uses: 2 }
    uses: [{ hosts: [localhost], port: ${String(port)}, methods: [GET], paths: [/pay], place: 'header:x-key', addresses: loopback }]
  deploy-key:
    issuer: generated
    validity: 90d
    namespaces: [other]
    uses: [{ hosts: [deploy.example], methods: [GET], paths: ['/**'], place: basic }]
  nobody: { issuer: generated, validity: 90d, namespaces: [shop] }
namespaces:
  shop: { repositories: [shop/orders] }
  other: { repositories: [shop/other] }
`;

export async function startUseWorld(
  options: {
    readonly value?: string;
    readonly trusted?: boolean;
    readonly name?: string;
    readonly mostUses?: number;
    /** Who started the run, and whose commit it is. */
    readonly people?: readonly [string, string];
  } = {},
): Promise<UseWorld> {
  const service = await startHttpsService(options.name === undefined ? {} : { name: options.name });
  const upstream = httpsUpstream({
    idleMs: noLimitMs,
    ...(options.trusted === false ? {} : { authority: service.authority }),
  });
  const world = await startBrokerWorld({
    policyText: usesOf(service.port),
    upstream,
    ...(options.value === undefined ? {} : { value: options.value }),
    ...(options.mostUses === undefined ? {} : { mostUses: options.mostUses }),
  });
  const [actor, author] = options.people ?? [];
  for (const name of options.people ?? []) world.cloud.gitea.addUser({ name, password: 'battery staple' });
  const who = actor === undefined || author === undefined ? {} : { actor, author };
  const [job, key] = [world.startJob(who), makeJobKey()];
  const session = await world.open(job, key);
  const given = new Map<string, string>();
  const vault = [...world.tools.readers.keys()][0] ?? '';
  const askForPlaceholders: UseWorld['askForPlaceholders'] = async (names) =>
    await world.send({
      path: '/broker/uses/placeholders',
      body: { session, secrets: names.map((name) => `${vault}/${name}`), jail: 'namespaces' },
      key,
    });
  return {
    ...world,
    service,
    session,
    key,
    askForPlaceholders,
    async placeholder(name) {
      const known = given.get(name);
      if (known !== undefined) return known;
      const { body } = await askForPlaceholders([name]);
      const [one] = body['placeholders'] as readonly { readonly placeholder: string }[];
      if (one === undefined) throw new Error('no placeholder');
      given.set(name, one.placeholder);
      return one.placeholder;
    },
    async use(change, { body, proof, world: asked = world } = {}) {
      const length = typeof body === 'string' ? Buffer.byteLength(body) : (body?.byteLength ?? 0);
      const text = encodeHead({ method: 'GET', url: `${service.url}/v1/items`, headers: [], length, ...change });
      const url = 'http://localhost:7071/broker/uses';
      const at = world.cloud.clock.now();
      const dpop = proof ?? proveRequest(key, { method: 'POST', url, body: text, at, id: randomUUID() });
      const response = await asked.forward('/broker/uses', {
        method: 'POST',
        headers: { dpop, [useHeaders.session]: session, [useHeaders.request]: text },
        ...(body === undefined ? {} : { body: body as NonNullable<RequestInit['body']> }),
      });
      return await usedOf(response);
    },
    second: () => world.second(),
    endJob: () => void job.finish(),
    async stop() {
      await world.stop();
      await service.stop();
    },
  };
}

async function usedOf(response: Response): Promise<Used> {
  const parts: Uint8Array[] = [];
  let isCutOff = false;
  try {
    for await (const part of response.body ?? []) parts.push(part as Uint8Array);
  } catch {
    isCutOff = true;
  }
  const text = Buffer.concat(parts).toString('latin1');
  const answer = parseAnswerHead(response.headers.get(useHeaders.answer) ?? '');
  const { status } = response;
  if (answer !== null) return { status, answer, text, isCutOff, codes: [], grant: null };
  const { error } = JSON.parse(text) as {
    error: { code: string; because?: readonly { code: string }[]; request?: string | null };
  };
  const codes = error.because?.map(({ code }) => code) ?? [error.code];
  return { status, answer, text, isCutOff, codes, grant: error.request ?? null };
}
