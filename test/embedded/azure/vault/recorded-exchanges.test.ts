import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClock } from '../../../../embedded/clock.ts';
import type { EmbeddedCloud } from '../../../../embedded/embedded-cloud.ts';
import { startEmbeddedCloud } from '../../../../embedded/start-embedded-cloud.ts';
import { contractsAreHere, publishedContract, unlessContractsAreAbsent } from '../../../published-contracts.ts';
import { isPurge, readRecordings, type RecordedExchange, type Recording } from '../../recorded-exchange.ts';

const recordings = contractsAreHere ? readRecordings(publishedContract('01-keyvault-secrets-rest/recordings-7.2')) : [];

let cloud: EmbeddedCloud;
let token: string;

beforeEach(async () => {
  cloud = await startEmbeddedCloud({ clock: createClock(new Date('2021-05-21T22:30:00Z')) });
  const tester = cloud.identity.define({ name: 'tester', kind: 'managed-identity', address: '20.94.209.81' });
  cloud.vault.grant(tester, ['get', 'set', 'list', 'update', 'delete', 'recover']);
  token = cloud.identity.tokenFor(tester, 'https://vault.azure.net');
});

afterEach(() => cloud.stop());

describe('the embedded vault, seeded with the initial state of a recording', unlessContractsAreAbsent, () => {
  it.each(recordings.map((recording) => [recording.name, recording] as const))(
    'answers as in %s',
    async (_, recording) => {
      await seed(recording);
      const versions = new Map<string, string>();
      const purged: string[] = [];
      for (const recorded of recording.exchanges) {
        if (isPurge(recorded)) {
          purged.push(`/${recorded.path.replace('deleted', '')}`);
          continue;
        }
        const answer = await repeat(recorded, versions);
        const step = `${recorded.method} ${recorded.path}`;
        expect({ step, status: answer.status, type: answer.contentType }).toEqual({
          step,
          status: recorded.status,
          type: recorded.contentType,
        });
        expect(comparable(withoutNames(answer.body, purged)), step).toEqual(comparable(recorded.body));
        learnVersion(recorded.body, answer.body, versions);
      }
    },
  );

  it('covers everything except backup, restore and purge', () => {
    const notCovered = [...new Set(recordings.flatMap((recording) => recording.notCovered))].toSorted();
    console.info(`Not covered: ${notCovered.join(', ')}`);
    expect(notCovered).toEqual(['DELETE deletedsecrets/NAME', 'POST secrets/restore']);
    expect(recordings.map(({ exchanges }) => exchanges.length).reduce((total, count) => total + count)).toBeGreaterThan(
      100,
    );
  });
});

async function repeat(
  recorded: RecordedExchange,
  versions: ReadonlyMap<string, string>,
): Promise<{ status: number; contentType: string | null; body: unknown }> {
  const path = recorded.path
    .split('/')
    .map((part) => versions.get(part) ?? part)
    .join('/');
  const ask = (url: string) =>
    fetch(url, {
      method: recorded.method,
      // A recorded 401 is a client's probe before it has a token.
      ...(recorded.status === 401 ? {} : { headers: { Authorization: `Bearer ${token}` } }),
      ...(recorded.requestBody === '' || recorded.method === 'GET' ? {} : { body: recorded.requestBody }),
    });
  const response = await ask(`${cloud.vault.url}/${path}?api-version=${recorded.apiVersion}`);
  expect(response.headers.get('x-ms-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  expect(response.headers.get('x-ms-keyvault-network-info')).toMatch(
    /^conn_type=Ipv4;addr=[\d.]+;act_addr_fam=InterNetwork;$/,
  );
  if (response.status === 401) {
    expect(response.headers.get('www-authenticate')).toMatch(
      /^Bearer authorization="https:\/\/[^"]+", resource="https:\/\/vault\.azure\.net"$/,
    );
  }
  const body = (await response.json()) as { value?: unknown[]; nextLink?: string | null };
  while (Array.isArray(body.value) && body.nextLink) {
    const page = (await (await ask(body.nextLink)).json()) as { value: unknown[]; nextLink: string | null };
    body.value.push(...page.value);
    body.nextLink = page.nextLink;
  }
  return { status: response.status, contentType: response.headers.get('content-type'), body };
}

/** Seeds what a recording finds but did not create: secrets in lists, including deleted ones. */
async function seed(recording: Recording): Promise<void> {
  const made = new Set<string>();
  for (const { method, path, status, body } of recording.exchanges) {
    const name = path.split('/')[1];
    if (method === 'PUT' && status === 200 && name) made.add(name);
    if (status !== 200) continue;
    const found = (
      (body as { value?: unknown }).value instanceof Array ? (body as { value: unknown[] }).value : [body]
    ) as Found[];
    for (const secret of found) {
      const isDeleted = secret.recoveryId !== undefined && method === 'GET';
      const foundName = new URL(secret.id).pathname.split('/')[2] ?? '';
      if (made.has(foundName)) continue;
      made.add(foundName);
      cloud.vault.seed({
        name: foundName,
        value: 'seeded',
        enabled: secret.attributes.enabled,
        ...(secret.attributes.exp === undefined ? {} : { expires: new Date(secret.attributes.exp * 1000) }),
        ...(secret.attributes.nbf === undefined ? {} : { notBefore: new Date(secret.attributes.nbf * 1000) }),
        ...(secret.contentType === undefined ? {} : { contentType: secret.contentType }),
        ...(secret.tags === undefined ? {} : { tags: secret.tags }),
        ...(secret.managed ? { managed: true } : {}),
      });
      if (!isDeleted) continue;
      await fetch(`${cloud.vault.url}/secrets/${foundName}?api-version=7.2`, {
        method: 'DELETE',
        headers: { Authorization: `Bearer ${token}` },
      });
    }
  }
}

interface Found {
  readonly id: string;
  readonly recoveryId?: string;
  readonly managed?: boolean;
  readonly contentType?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly attributes: { readonly enabled: boolean; readonly exp?: number; readonly nbf?: number };
}

/** A list without these names, as if they had been purged. */
function withoutNames(body: unknown, names: readonly string[]): unknown {
  const list = (body as { readonly value?: unknown } | null)?.value;
  if (!Array.isArray(list)) return body;
  const kept = (list as { readonly id: string }[]).filter(({ id }) => !names.includes(new URL(id).pathname));
  return { ...(body as object), value: kept };
}

/** Later calls of a recording name the real vault's versions, which differ here. */
function learnVersion(recorded: unknown, answered: unknown, versions: Map<string, string>): void {
  const [theirs, ours] = [recorded, answered].map((body) => (body as { id?: string } | null)?.id?.split('/').at(-1));
  if (theirs && ours && /^[0-9a-f]{32}$/.test(theirs)) versions.set(theirs, ours);
}

/** A body without the parts that must differ: hosts, versions, times, and the retention of deleted secrets. */
function comparable(body: unknown): unknown {
  if (Array.isArray(body)) {
    const address = (one: unknown) => new URL((one as { id: string }).id).pathname;
    return body.toSorted((one, other) => (address(one) < address(other) ? -1 : 1)).map(comparable);
  }
  if (typeof body !== 'object' || body === null) return body;
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => {
      if (['created', 'updated', 'deletedDate', 'scheduledPurgeDate', 'recoverableDays'].includes(name)) {
        return [name, typeof value];
      }
      if (name === 'recoveryLevel') return [name, String(value).replace('Customized', '')];
      if (name === 'id' || name === 'recoveryId') {
        return [name, new URL(String(value)).pathname.replace(/[0-9a-f]{32}$/, 'VERSION')];
      }
      return [name, comparable(value)];
    }),
  );
}
