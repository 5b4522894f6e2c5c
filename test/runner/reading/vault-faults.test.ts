import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseReceiptLine } from '../../../src/provenance/receipt-line.ts';
import { httpExchange } from '../../../src/runner/http-exchange.ts';
import { readSecret } from '../../../src/runner/reading/read-secret.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { type FetchWorld, rowsOf, startFetchWorld } from '../fetch-world.ts';
import { environmentRequest, fakeRuntime, fetchInProcess } from '../in-process.ts';

let world: FetchWorld;
beforeAll(async () => {
  world = await startFetchWorld();
});
afterAll(() => world.stop());

const thrown = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return error;
  }
};

/** What a rotator may do, over the wire. */
async function asRotator(method: string, path: string, body?: object): Promise<void> {
  const rotator = world.cloud.identity.define({ name: 'rotator', kind: 'managed-identity', address: '203.0.113.9' });
  world.cloud.vault.grant(rotator, ['set', 'update', 'delete']);
  const token = world.cloud.identity.tokenFor(rotator, 'https://vault.azure.net');
  const answer = await fetch(`${world.cloud.vault.url}/secrets/${path}?api-version=7.4`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(answer.status).toBe(200);
}

const disable = (name: string, version: string) =>
  asRotator('PATCH', `${name}/${version}`, { attributes: { enabled: false } });

describe('a secret that is rotated while a job runs', () => {
  it('reaches the next exec in its new version, and both versions are redacted', async () => {
    world.cloud.vault.seed({ name: 'rotated', value: 'first-value-of-it' });
    const job = world.startJob();
    const show = ['exec', '--secret', 'V=rotated', '--', 'sh', '-c', 'echo "value $V"; test "$V" = second-value-of-it'];
    expect(await world.fetch(job, show)).toBe(1);
    world.cloud.vault.seed({ name: 'rotated', value: 'second-value-of-it' });
    expect(await world.fetch(job, show)).toBe(0);
    expect(rowsOf(world, job).filter((row) => row === 'value ***')).toHaveLength(2);
    expect(rowsOf(world, job).join('\n')).not.toMatch(/(first|second)-value-of-it/);
  });

  it('stays at one version with --pin-run, and moves to the newest once if that was disabled', async () => {
    const first = world.cloud.vault.seed({ name: 'pinned', value: 'pinned-value-one' });
    const job = world.startJob();
    const one = ['exec', '--pin-run', '--secret', 'V=pinned', '--', 'sh', '-c', 'test "$V" = pinned-value-one'];
    expect(await world.fetch(job, one)).toBe(0);
    const second = world.cloud.vault.seed({ name: 'pinned', value: 'pinned-value-two' });
    expect(await world.fetch(job, one)).toBe(0);
    await disable('pinned', first);
    expect(await world.fetch(job, one)).toBe(1);
    expect(await world.fetch(job, one)).toBe(1);
    const versions = rowsOf(world, job).flatMap((row) => parseReceiptLine(row)?.version ?? []);
    expect(versions).toEqual([first, first, second, second]);
  });

  it('stays at one version for later jobs of the run with the pin file, but not for another run', async () => {
    const first = world.cloud.vault.seed({ name: 'handed-on', value: 'handed-on-one' });
    const job = world.startJob();
    const pins = join(world.directory, 'pins');
    const exec = ['exec', '--pin-file', pins, '--secret', 'V=handed-on', '--'];
    expect(await world.fetch(job, [...exec, 'true'])).toBe(0);
    expect(readFileSync(pins, 'utf8')).toBe(
      `keyturn-pins 1 run ${String(job.job.runId)}\n${world.cloud.vault.name}/handed-on ${first}\n`,
    );
    world.cloud.vault.seed({ name: 'handed-on', value: 'handed-on-two' });
    // Another job of the run is on another machine, so only the file is passed on.
    const elsewhere = { RUNNER_TEMP: mkdtempSync(join(world.directory, 'elsewhere-')) };
    const isOne = [...exec, 'sh', '-c', 'test "$V" = handed-on-one'];
    expect(await world.fetch(job, isOne, elsewhere)).toBe(0);
    expect(await world.fetch(world.startJob(), isOne)).toBe(1);
  });

  it('ignores invalid pins, and reports if it cannot store any', async () => {
    const job = world.startJob();
    const pins = join(world.directory, 'odd-pins');
    const words = ['exec', '--pin-file', pins, '--secret', 'V=handed-on', '--', 'true'];
    for (const text of ['', 'x'.repeat(70_000), `keyturn-pins 1 run ${String(job.job.runId)}\nkv/../x latest\n`]) {
      writeFileSync(pins, text);
      expect(await world.fetch(job, words)).toBe(0);
    }
    const nowhere = ['exec', '--pin-file', '/no/such/folder/pins', '--secret', 'V=handed-on', '--', 'true'];
    expect(await world.fetch(job, nowhere)).toBe(84);
  });

  it('reads again and runs once more with --retry-on only if the version has changed', async () => {
    world.cloud.vault.seed({ name: 'refused', value: 'value-that-is-refused' });
    const server = createServer((_request, answer) => {
      world.cloud.vault.seed({ name: 'refused', value: 'value-that-is-taken' });
      answer.end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const rotate = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
    const script = `console.log('try ' + process.env.V); if (process.env.V === 'value-that-is-taken') process.exit(0);
      process.stderr.write('unfinished'); require('node:http').get('${rotate}', () => process.exit(42));`;
    const job = world.startJob();
    const words = ['exec', '--retry-on', '42', '--secret', 'V=refused', '--', process.execPath, '-e', script];
    expect(await world.fetch(job, words)).toBe(0);
    expect(rowsOf(world, job).filter((row) => row === 'try ***')).toHaveLength(2);
    expect(rowsOf(world, job)).toContain('unfinished');
    expect(rowsOf(world, job).flatMap((row) => parseReceiptLine(row) ?? [])).toHaveLength(2);
    server.close();
    const unchanged = ['exec', '--retry-on', '3', '--secret', 'V=refused', '--', 'sh', '-c', 'echo once; exit 3'];
    expect(await world.fetch(job, unchanged)).toBe(3);
    expect(rowsOf(world, job).filter((row) => row === 'once')).toHaveLength(1);
  });
});

describe('a role assignment that has not taken effect yet', () => {
  it('waits with backoff for ForbiddenByRbac, and keeps the id of every refusal', async () => {
    world.cloud.vault.seed({ name: 'spreading', value: 'value-of-spreading' });
    world.cloud.vault.fault({ kind: 'deny', secret: 'spreading', innerCode: 'ForbiddenByRbac', times: 4 });
    const runtime = fakeRuntime();
    const fetched = await fetchInProcess(world, [environmentRequest('spreading')], runtime);
    expect(fetched.use()[0]?.secret?.value.reveal()).toBe('value-of-spreading');
    expect(runtime.waits).toEqual([750, 1_500, 3_000, 6_000]);
    const why = 'the vault refused a read, and a new role takes minutes to reach it';
    expect(runtime.said).toEqual([`${why}; trying again for up to 120 s; --wait 10m waits longer`]);
    expect(fetched.receipts[0]?.requests.map(({ status }) => status)).toEqual([403, 403, 403, 403, 200]);
    expect(new Set(fetched.receipts[0]?.requests.map(({ id }) => id)).size).toBe(5);
  });

  it('gives up at the limit, and names the object id that was used', async () => {
    world.cloud.vault.fault({ kind: 'deny', secret: 'spreading', innerCode: 'ForbiddenByRbac', times: 99 });
    const fetched = await fetchInProcess(world, [environmentRequest('spreading')]);
    world.cloud.vault.fault({ kind: 'deny', secret: 'spreading', times: 0 });
    const error = thrown(() => fetched.use());
    expect(error).toMatchObject({ code: 'VAULT_ACCESS_DENIED', details: { objectId: world.runner.objectId } });
  });

  it.each([
    ['AccessDenied', 'VAULT_ACCESS_DENIED'],
    ['ForbiddenByConnection', 'VAULT_FIREWALL_CLOSED'],
    ['ForbiddenByFirewall', 'VAULT_FIREWALL_CLOSED'],
  ])('fails at once on %s', async (innerCode, code) => {
    world.cloud.vault.seed({ name: `denied-${innerCode}`, value: 'value-of-denied' });
    world.cloud.vault.fault({ kind: 'deny', secret: `denied-${innerCode}`, innerCode, times: 1 });
    const runtime = fakeRuntime();
    const fetched = await fetchInProcess(world, [environmentRequest(`denied-${innerCode}`)], runtime);
    expect(thrown(() => fetched.use())).toMatchObject({ code });
    expect(runtime.waits).toEqual([]);
  });

  it('fails at once if the token belongs to another tenant', async () => {
    const runtime = fakeRuntime();
    const token = { token: new SecretValue('not-a-token'), objectId: null, tenantId: null };
    const vault = { name: world.cloud.vault.name, url: world.cloud.vault.url };
    const read = await readSecret(
      { exchange: httpExchange, runtime, token, userAgent: 'keyturn/0.1.0', patienceMs: 120_000 },
      { vault, name: 'spreading', version: null, clientRequestId: '00000000-0000-8000-8000-000000000000' },
    );
    expect(read.outcome).toMatchObject({ kind: 'failed', error: { code: 'VAULT_TOKEN_REFUSED' } });
    expect(runtime.waits).toEqual([]);
  });
});

describe('a vault that throttles forty secrets', () => {
  it('is retried when the vault says, within one deadline, and each read has one receipt', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `storm-${String(index)}`);
    for (const name of names) world.cloud.vault.seed({ name, value: `value-of-${name}` });
    world.cloud.vault.fault({ kind: 'throttle', times: 60, retryAfterSeconds: 3 });
    const runtime = fakeRuntime();
    const fetched = await fetchInProcess(
      world,
      names.map((name) => environmentRequest(name)),
      runtime,
      3_600_000,
    );
    expect(fetched.use().map(({ secret }) => secret?.value.reveal())).toEqual(names.map((name) => `value-of-${name}`));
    expect(runtime.waits.every((wait) => wait === 3_000)).toBe(true);
    expect(fetched.receipts).toHaveLength(40);
    expect(new Set(fetched.receipts.map(({ clientRequestId }) => clientRequestId)).size).toBe(40);
    expect(fetched.receipts.flatMap(({ requests }) => requests)).toHaveLength(100);
  });

  it('is given up at the deadline', async () => {
    world.cloud.vault.seed({ name: 'stormy', value: 'value-of-stormy' });
    world.cloud.vault.fault({ kind: 'throttle', secret: 'stormy', times: 99, retryAfterSeconds: 30 });
    const fetched = await fetchInProcess(world, [environmentRequest('stormy')], fakeRuntime(), 100_000);
    world.cloud.vault.fault({ kind: 'throttle', secret: 'stormy', times: 0 });
    const given = thrown(() => fetched.use());
    expect(given).toMatchObject({ code: 'VAULT_THROTTLED' });
    // The helper has ended by then.
    expect(String(given)).not.toContain('Keyturn tries again');
    expect(fetched.receipts[0]?.requests).toHaveLength(4);
  });
});

describe('secrets that exist but cannot be used', () => {
  it.each([
    ['disabled', { enabled: false }, 75, 'SECRET_DISABLED'],
    ['expired', { expires: new Date(Date.now() - 60_000) }, 76, 'SECRET_EXPIRED'],
    ['missing', null, 79, 'SECRET_MISSING'],
  ])('has its own exit code and advice: %s', async (state, seed, exit, code) => {
    if (seed !== null) world.cloud.vault.seed({ name: `state-${state}`, value: 'value-of-state', ...seed });
    const job = world.startJob();
    expect(await world.fetch(job, ['exec', '--secret', `S=state-${state}`, '--', 'sh', '-c', 'echo ran'])).toBe(exit);
    const rows = rowsOf(world, job);
    expect(rows.some((row) => row.includes(code))).toBe(true);
    expect(rows).not.toContain('ran');
    expect(rows.flatMap((row) => parseReceiptLine(row) ?? [])).toHaveLength(1);
  });

  it('distinguishes deleted, missing and not yet valid secrets', async () => {
    world.cloud.vault.seed({ name: 'deleted', value: 'value-of-deleted' });
    await asRotator('DELETE', 'deleted');
    const deleted = await fetchInProcess(world, [environmentRequest('deleted')]);
    expect(thrown(() => deleted.use())).toMatchObject({ code: 'SECRET_SOFT_DELETED' });
    const nbf = Math.floor(Date.now() / 1000) + 3_600;
    await asRotator('PUT', 'early', { value: 'value-of-early', attributes: { nbf } });
    const early = await fetchInProcess(world, [environmentRequest('early')]);
    expect(thrown(() => early.use())).toMatchObject({ code: 'SECRET_NOT_YET_VALID' });
  });

  it('skips an optional one, and refuses one that expires too soon', async () => {
    const left = await fetchInProcess(world, [environmentRequest('state-disabled', { required: false })]);
    expect(left.use()[0]?.secret).toBeNull();
    world.cloud.vault.seed({ name: 'soon', value: 'value-of-soon', expires: new Date(Date.now() + 3_600_000) });
    const soon = await fetchInProcess(world, [environmentRequest('soon', { minimumLifeMs: 7_200_000 })]);
    expect(thrown(() => soon.use())).toMatchObject({ code: 'SECRET_EXPIRES_TOO_SOON' });
  });
});
