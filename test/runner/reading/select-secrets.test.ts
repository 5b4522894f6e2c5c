import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseReceiptLine } from '../../../src/provenance/receipt-line.ts';
import type { HttpExchange, HttpRequest } from '../../../src/runner/http-exchange.ts';
import type { SecretSelection } from '../../../src/runner/configuration/secret-request.ts';
import { selectSecrets } from '../../../src/runner/reading/select-secrets.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { ServiceError } from '../../../src/service-error.ts';
import { type FetchWorld, rowsOf, startFetchWorld } from '../fetch-world.ts';

let world: FetchWorld;
let manifest: string;

beforeAll(async () => {
  world = await startFetchWorld();
  for (const name of ['db-password', 'Api-Key']) {
    world.cloud.vault.seed({ name: `shop-${name}`, value: `value-of-${name}` });
  }
  world.cloud.vault.seed({ name: 'shop-off', value: 'value-of-off', enabled: false });
  // Enough other secrets for several pages.
  for (let index = 0; index < 60; index += 1) {
    world.cloud.vault.seed({ name: `other-${String(index)}`, value: `value-of-other-${String(index)}` });
  }
  manifest = write('prefix.yml', '{ prefix: shop-, environmentPrefix: SHOP_ }');
});
afterAll(() => world.stop());

function write(name: string, ...entries: readonly string[]): string {
  const path = join(world.directory, name);
  writeFileSync(path, `format: 1\nsecrets:\n${entries.map((entry) => `  - ${entry}\n`).join('')}`);
  return path;
}

describe('a selection by prefix', () => {
  it('is refused to an identity that may not list, and nothing runs', async () => {
    const job = world.startJob();
    const words = ['exec', '--wait', '0s', '--manifest', manifest, '--', 'sh', '-c', 'echo ran'];
    expect(await world.fetch(job, words)).toBe(70);
    expect(rowsOf(world, job).join('\n')).toContain('shop-… (list)');
    expect(rowsOf(world, job)).not.toContain('ran');
    const [receipt] = rowsOf(world, job).flatMap((row) => parseReceiptLine(row) ?? []);
    expect([receipt?.secret, receipt?.requests.at(-1)?.status]).toEqual(['shop-*', 403]);
  });

  it('passes the matching secrets in derived variables, records each read, and names the variables', async () => {
    world.cloud.vault.grant(world.runner, ['list']);
    const job = world.startJob();
    const script = 'test "$SHOP_DB_PASSWORD" = value-of-db-password; env | grep -c ^SHOP_; echo "is $SHOP_API_KEY"';
    expect(await world.fetch(job, ['exec', '--manifest', manifest, '--', 'sh', '-e', '-c', script])).toBe(0);
    const rows = rowsOf(world, job);
    expect(rows).toContain('2');
    expect(rows).toContain('is ***');
    expect(rows.find((row) => row.includes('start with shop-'))).toContain(
      'SHOP_API_KEY, SHOP_DB_PASSWORD; 1 disabled and skipped',
    );
    const receipts = rows.flatMap((row) => parseReceiptLine(row) ?? []);
    const names = receipts.map(({ secret }) => secret.toLowerCase());
    expect(names.toSorted()).toEqual(['shop-*', 'shop-api-key', 'shop-db-password']);
    const listed = world.cloud.auditLog
      .rows()
      .filter((row) => row['OperationName'] === 'SecretList' && row['HttpStatusCode'] === 200);
    expect(listed.length).toBeGreaterThan(2);
    // The listing's receipt names every page by the id in the vault's log, and no version.
    const listing = receipts.find(({ secret }) => secret === 'shop-*');
    expect([listing?.version, listing?.requests.map(({ id }) => id)]).toEqual([
      null,
      listed.map((row) => row['CorrelationId']),
    ]);
    expect(listed.every((row) => String(row['ClientInfo']).includes(`;n=${receipts[0]?.nonce ?? ''}`))).toBe(true);
  });

  it('prints no names if names are opaque, and reports an empty match', async () => {
    const job = world.startJob();
    const opaque = { KEYTURN_FETCH_CONFIGURATION: world.configure({ names: 'opaque' }) };
    expect(await world.fetch(job, ['exec', '--manifest', manifest, '--', 'true'], opaque)).toBe(0);
    expect(rowsOf(world, job).join('\n')).not.toMatch(/shop-|SHOP_/);
    const none = write('none.yml', '{ prefix: nothing-, environmentPrefix: NOTHING_ }');
    expect(await world.fetch(job, ['exec', '--manifest', none, '--', 'true'])).toBe(88);
    const optional = write('optional.yml', '{ prefix: nothing-, environmentPrefix: NOTHING_, required: false }');
    expect(await world.fetch(job, ['exec', '--manifest', optional, '--', 'true'])).toBe(0);
  });

  it('refuses a variable that another secret uses', async () => {
    const twice = write(
      'twice.yml',
      '{ name: shop-off, environment: SHOP_API_KEY }',
      '{ prefix: shop-, environmentPrefix: SHOP_ }',
    );
    expect(await world.fetch(world.startJob(), ['exec', '--manifest', twice, '--', 'true'])).toBe(2);
  });

  it('is printed by check', async () => {
    const job = world.startJob();
    expect(await world.fetch(job, ['check', manifest])).toBe(0);
    expect(rowsOf(world, job)).toContain('every secret that starts with shop- → variables that start with SHOP_');
  });
});

describe("the vault's list", () => {
  const vault = { name: 'kv', url: 'https://kv.vault.azure.net' };
  const selection: SecretSelection = {
    vault: null,
    prefix: 'app-',
    variablePrefix: 'APP_',
    required: true,
    minimumLifeMs: 0,
  };
  const select = async (body: string) => {
    const asked: HttpRequest[] = [];
    const exchange: HttpExchange = (request) => {
      asked.push(request);
      return Promise.resolve({ status: 200, headers: {}, body });
    };
    const token = { token: new SecretValue('bearer-value'), objectId: null, tenantId: null };
    const ports = { exchange, token, userAgent: 'x', clientRequestId: 'c', now: () => new Date(0), answers: [] };
    const outcome = await selectSecrets(ports, vault, selection).catch((error: unknown) => error);
    return { asked, outcome };
  };

  it.each([
    'https://kv.vault.azure.net.attacker.example/secrets?x=1',
    'http://kv.vault.azure.net/secrets?x=1',
    'https://kv.vault.azure.net/secrets/app-x/versions',
    'https://other.vault.azure.net/secrets',
    'secrets?page=2',
  ])('sends the token only to this vault’s list: %s', async (nextLink) => {
    const { asked, outcome } = await select(JSON.stringify({ value: [], nextLink }));
    expect(asked).toHaveLength(1);
    expect(outcome).toMatchObject({ code: 'SELECTION_REFUSED' });
  });

  it('ends even if its pages never do', async () => {
    const { asked, outcome } = await select(JSON.stringify({ value: [], nextLink: `${vault.url}/secrets?again` }));
    expect(outcome).toMatchObject({ code: 'SELECTION_REFUSED' });
    expect(asked).toHaveLength(400);
  });

  it('is refused if a prefix selects more than a hundred', async () => {
    const value = Array.from({ length: 101 }, (_, index) => ({ id: `${vault.url}/secrets/app-${String(index)}` }));
    expect((await select(JSON.stringify({ value }))).outcome).toMatchObject({
      code: 'SELECTION_REFUSED',
      details: { reason: 'more than 100 secrets start with the prefix' },
    });
  });

  it('yields safe variables or is refused, whatever it contains', async () => {
    const entry = fc.oneof(
      fc.record({
        id: fc.stringMatching(/^https:\/\/kv\/secrets\/app-[0-9A-Za-z-]{0,20}$/),
        attributes: fc.anything(),
      }),
      fc.anything(),
    );
    const body = fc.oneof(
      fc.record({ value: fc.array(entry), nextLink: fc.anything() }).map((page) => JSON.stringify(page)),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(body, async (text) => {
        const { asked, outcome } = await select(text);
        expect(asked.every(({ url }) => url.startsWith(`${vault.url}/secrets?`))).toBe(true);
        if (ServiceError.is(outcome, 'SELECTION_REFUSED')) return;
        const { requests } = outcome as Awaited<ReturnType<typeof selectSecrets>>;
        for (const { target } of requests) {
          expect(target).toEqual({
            kind: 'environment',
            variable: expect.stringMatching(/^APP_[A-Z0-9_]*$/) as string,
          });
        }
      }),
    );
  });
});
