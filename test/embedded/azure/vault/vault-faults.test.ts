import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClock } from '../../../../embedded/clock.ts';
import type { EmbeddedCloud } from '../../../../embedded/embedded-cloud.ts';
import { startEmbeddedCloud } from '../../../../embedded/start-embedded-cloud.ts';
import type { Principal } from '../../../../embedded/azure/identity/managed-identity.ts';

let cloud: EmbeddedCloud;
let writer: Principal;

beforeEach(async () => {
  cloud = await startEmbeddedCloud({ clock: createClock(new Date('2026-03-01T00:00:00Z')) });
  cloud.auditLog.setDelay(0);
  writer = cloud.identity.define({ name: 'writer', kind: 'managed-identity', address: '203.0.113.1' });
  cloud.vault.grant(writer, ['get', 'set', 'list', 'update', 'delete', 'recover']);
});

afterEach(() => cloud.stop());

async function ask(
  method: string,
  path: string,
  body?: object | string,
  principal = writer,
): Promise<{
  status: number;
  headers: Headers;
  body: { error?: { code: string; message: string; innererror?: { code: string } } };
}> {
  const response = await fetch(`${cloud.vault.url}/${path}?api-version=7.5`, {
    method,
    headers: { Authorization: `Bearer ${cloud.identity.tokenFor(principal, 'https://vault.azure.net')}` },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as { error?: never } };
}

const statuses = () => cloud.auditLog.rows().map((row) => row['HttpStatusCode']);

describe('a fault switch', () => {
  it('loses the answer of an executed write, which the log contains', async () => {
    cloud.vault.fault({ kind: 'lose-answer', method: 'PUT', times: 1 });
    await expect(ask('PUT', 'secrets/prod-key', { value: 'a' })).rejects.toThrow('fetch failed');
    expect(cloud.vault.versions('prod-key').length).toBe(1);
    expect(statuses()).toEqual([200]);
    expect((await ask('PUT', 'secrets/prod-key', { value: 'b' })).status).toBe(200);
  });

  it('fails before the write, or after it', async () => {
    cloud.vault.fault({ kind: 'fail-before', times: 1 });
    cloud.vault.fault({ kind: 'fail-after', times: 1, status: 502 });
    expect((await ask('PUT', 'secrets/prod-key', { value: 'a' })).status).toBe(503);
    expect(cloud.vault.versions('prod-key').length).toBe(0);
    expect((await ask('PUT', 'secrets/prod-key', { value: 'a' })).status).toBe(502);
    expect(cloud.vault.versions('prod-key').length).toBe(1);
    expect(statuses()).toEqual([503, 502]);
  });

  it('throttles with and without Retry-After, and denies with the given inner code', async () => {
    cloud.vault.seed({ name: 'prod-key', value: 'v' });
    cloud.vault.fault({ kind: 'throttle', times: 1, retryAfterSeconds: 7 });
    cloud.vault.fault({ kind: 'throttle', times: 1, retryAfterSeconds: null });
    cloud.vault.fault({ kind: 'deny', times: 1, secret: 'prod-key', innerCode: 'ForbiddenByConnection' });
    const answers = [];
    for (let count = 0; count < 4; count += 1) answers.push(await ask('GET', 'secrets/prod-key'));
    expect(answers.map(({ status, headers }) => [status, headers.get('retry-after')])).toEqual([
      [429, '7'],
      [429, null],
      [403, null],
      [200, null],
    ]);
    expect(answers[2]?.body.error?.innererror?.code).toBe('ForbiddenByConnection');
  });
});

describe('a row of a write', () => {
  it('describes the version without its value and tags', async () => {
    await ask('PUT', 'secrets/prod-key', {
      value: 'hidden',
      contentType: 'text/plain',
      tags: { a: 'b' },
      attributes: { exp: 1_800_000_000 },
    });
    const [row] = cloud.auditLog.rows();
    expect(row?.['SecretProperties']).toEqual({
      type: 'text/plain',
      attributes: { enabled: true, exp: 1_800_000_000 },
    });
    expect(JSON.stringify(row)).not.toContain('hidden');
  });
});

describe('the limit of writes', () => {
  it('allows the given number in ten seconds, does not count refused ones, and reopens when the clock advances', async () => {
    cloud.vault.limitWrites(2, 3);
    const write = async () => (await ask('PUT', 'secrets/prod-key', { value: 'a' })).status;
    expect([await write(), await write(), await write(), await write()]).toEqual([200, 200, 429, 429]);
    expect((await ask('GET', 'secrets/prod-key')).status).toBe(200);
    cloud.clock.advance(10_000);
    expect([await write(), await write(), await write()]).toEqual([200, 200, 429]);
  });
});

describe('a request over a limit', () => {
  const tags = (count: number, value = 'x') =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`t${index}`, value]));

  it.each([
    ['15 tags', { value: 'v', tags: tags(15) }, 200],
    ['16 tags', { value: 'v', tags: tags(16) }, 400],
    ['a tag of 513 characters', { value: 'v', tags: tags(1, 'x'.repeat(513)) }, 400],
    ['a tag that is no text', { value: 'v', tags: { number: 1 } }, 400],
    ['25 KB', { value: 'x'.repeat(25_600) }, 200],
    ['a byte more', { value: 'x'.repeat(25_601) }, 400],
    ['a content type of 256 characters', { value: 'v', contentType: 'x'.repeat(256) }, 400],
    ['no value', { tags: {} }, 400],
    ['no JSON', '{', 400],
  ])('is answered with BadParameter, unlike one within the limit: %s', async (_, body, status) => {
    const answer = await ask('PUT', 'secrets/prod-key', body);
    expect(answer.status).toBe(status);
    if (status === 400) expect(answer.body.error?.code).toBe('BadParameter');
    expect(cloud.vault.versions('prod-key').length).toBe(status === 200 ? 1 : 0);
  });

  it("is refused as a secret's name", async () => {
    expect((await ask('PUT', 'secrets/prod_key', { value: 'v' })).body.error?.code).toBe('BadParameter');
    expect((await ask('PUT', `secrets/${'x'.repeat(128)}`, { value: 'v' })).status).toBe(400);
  });
});

describe('authorisation', () => {
  it('states in answer and row which caller was denied which right on which secret', async () => {
    const stranger = cloud.identity.define({ name: 'stranger', kind: 'managed-identity', address: '198.51.100.4' });
    cloud.vault.seed({ name: 'Prod-Key', value: 'v' });
    const { body } = await ask('GET', 'secrets/Prod-Key', undefined, stranger);
    const [row] = cloud.auditLog.rows();
    expect(body.error?.innererror?.code).toBe('ForbiddenByRbac');
    expect(row).toMatchObject({
      HttpStatusCode: 403,
      ResultType: 'Success',
      ResultSignature: 'Forbidden',
      IsRbacAuthorized: false,
    });
    expect(row?.['Id']).toBe(`${cloud.vault.url}/secrets/Prod-Key`);
    for (const text of [body.error?.message, row?.['ResultDescription']]) {
      expect(text).toContain('Caller is not authorized to perform action on resource.');
      expect(text).toContain(`oid=${stranger.objectId};`);
      expect(text).toContain("Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'");
      expect(text).toContain(`Resource: '${cloud.vault.resourceId}/secrets/prod-key'`);
    }
  });

  it('recognises a person by the claims of a delegated token', async () => {
    const person = cloud.identity.define({
      name: 'Ada',
      kind: 'person',
      userPrincipalName: 'ada@example.org',
      address: '198.51.100.5',
    });
    cloud.vault.grant(person, ['get'], 'prod-key');
    cloud.vault.seed({ name: 'prod-key', value: 'v' });
    expect((await ask('GET', 'secrets/prod-key', undefined, person)).status).toBe(200);
    expect(cloud.auditLog.rows()).toMatchObject([
      {
        Identity: { claim: { upn: 'ada@example.org', scp: 'user_impersonation', idtyp: 'user', oid: person.objectId } },
      },
    ]);
    cloud.vault.revokeGrants(person);
    expect((await ask('GET', 'secrets/prod-key', undefined, person)).status).toBe(403);
  });

  it('accepts only its own tokens for this service', async () => {
    const forged = cloud.identity.tokenFor(writer, 'https://vault.azure.net').slice(0, -2);
    const other = cloud.identity.tokenFor(writer, 'https://api.loganalytics.io');
    for (const token of [forged, other]) {
      const response = await fetch(`${cloud.vault.url}/secrets?api-version=7.5`, {
        headers: { Authorization: `Bearer ${token}` },
      });
      expect(response.status).toBe(401);
    }
    // Unlike the probe of a new client, which has no token at all, these are failed requests.
    expect(cloud.auditLog.rows().map((row) => [row['OperationName'], row['HttpStatusCode']])).toEqual([
      ['SecretList', 401],
      ['SecretList', 401],
    ]);
  });
});
