import { ManagedIdentityCredential } from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createClock } from '../../../../embedded/clock.ts';
import type { EmbeddedCloud } from '../../../../embedded/embedded-cloud.ts';
import { startEmbeddedCloud } from '../../../../embedded/start-embedded-cloud.ts';
import type { Principal } from '../../../../embedded/azure/identity/managed-identity.ts';

let cloud: EmbeddedCloud;
let rotator: Principal;
let client: SecretClient;

beforeAll(async () => {
  cloud = await startEmbeddedCloud({ clock: createClock(new Date('2026-03-01T00:00:00.400Z')) });
  cloud.clock.stand();
  rotator = cloud.identity.define({ name: 'rotator', kind: 'managed-identity', address: '203.0.113.7' });
  cloud.vault.grant(rotator, ['get', 'set', 'list', 'update', 'delete', 'recover']);
  vi.stubEnv('AZURE_POD_IDENTITY_AUTHORITY_HOST', cloud.identity.url);
  client = clientOf(rotator);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await cloud.stop();
});

function clientOf(principal: Principal): SecretClient {
  return new SecretClient(cloud.vault.url, new ManagedIdentityCredential({ clientId: principal.clientId }), {
    allowInsecureConnection: true,
    disableChallengeResourceVerification: true,
    retryOptions: { maxRetries: 0 },
  });
}

describe('the real secrets client with a managed identity', () => {
  it('sets, reads, tags, lists, deletes and recovers a secret', async () => {
    const set = await client.setSecret('prod-database', 'first', {
      tags: { owner: 'payments' },
      contentType: 'text/plain',
    });
    expect(set.properties.createdOn).toEqual(new Date('2026-03-01T00:00:00Z'));
    await client.setSecret('prod-database', 'second');
    expect((await client.getSecret('prod-database')).value).toBe('second');
    const first = await client.getSecret('prod-database', { version: String(set.properties.version) });
    expect(first).toMatchObject({
      value: 'first',
      properties: { tags: { owner: 'payments' }, contentType: 'text/plain' },
    });
    await client.updateSecretProperties('prod-database', String(set.properties.version), { tags: { other: 'x' } });
    expect(
      (await client.getSecret('prod-database', { version: String(set.properties.version) })).properties.tags,
    ).toEqual({ other: 'x' });
    const versions = [];
    for await (const page of client.listPropertiesOfSecretVersions('prod-database').byPage({ maxPageSize: 1 }))
      versions.push(page.length);
    expect(versions).toEqual([1, 1]);
    const deletion = await client.beginDeleteSecret('prod-database', { intervalInMs: 1 });
    await deletion.pollUntilDone();
    await expect(client.setSecret('prod-database', 'third')).rejects.toMatchObject({
      statusCode: 409,
      code: 'Conflict',
    });
    const deleted = [];
    for await (const secret of client.listDeletedSecrets()) deleted.push(secret.name);
    expect(deleted).toEqual(['prod-database']);
    const recovery = await client.beginRecoverDeletedSecret('prod-database', { intervalInMs: 1 });
    await recovery.pollUntilDone();
    expect((await client.getSecret('prod-database')).value).toBe('second');
  });

  it('is refused a disabled newest version, although an older one is enabled', async () => {
    const older = cloud.vault.seed({ name: 'prod-key', value: 'old' });
    cloud.vault.seed({ name: 'prod-key', value: 'new', enabled: false });
    await expect(client.getSecret('prod-key')).rejects.toMatchObject({
      statusCode: 403,
      code: 'Forbidden',
      details: { error: { innerError: { code: 'SecretDisabled' } } },
    });
    expect((await client.getSecret('prod-key', { version: older })).value).toBe('old');
  });

  it('reads only what it was granted', async () => {
    const runner = cloud.identity.define({ name: 'runner', kind: 'managed-identity', address: '203.0.113.8' });
    cloud.vault.grant(runner, ['get'], 'dev-one');
    cloud.vault.seed({ name: 'dev-one', value: 'a' });
    cloud.vault.seed({ name: 'prod-one', value: 'b' });
    const restricted = clientOf(runner);
    expect((await restricted.getSecret('dev-one')).value).toBe('a');
    await expect(restricted.getSecret('prod-one')).rejects.toMatchObject({
      statusCode: 403,
      details: { error: { innerError: { code: 'ForbiddenByRbac' } } },
    });
    await expect(restricted.setSecret('dev-one', 'c')).rejects.toMatchObject({ statusCode: 403 });
    await expect(restricted.listPropertiesOfSecrets().next()).rejects.toMatchObject({ statusCode: 403 });
  });

  it('is logged row by row, with the server id, the version served and the address', async () => {
    const version = cloud.vault.seed({ name: 'prod-row', value: 'v' });
    cloud.clock.set(new Date('2026-03-05T00:00:00.400Z'));
    const seen = cloud.auditLog.rows().length;
    let answered = '';
    let network = '';
    await clientOf(rotator).getSecret('prod-row', {
      onResponse: (response) => {
        answered = response.headers.get('x-ms-request-id') ?? '';
        network = response.headers.get('x-ms-keyvault-network-info') ?? '';
        expect(response.headers.get('date')).toBe('Thu, 05 Mar 2026 00:00:00 GMT');
      },
    });
    expect(cloud.auditLog.rows().length).toBe(seen);
    cloud.clock.advance(300_000);
    const [probe, read, ...others] = cloud.auditLog.rows().slice(seen);
    expect(others).toEqual([]);
    expect(probe).toMatchObject({
      OperationName: 'Authentication',
      HttpStatusCode: 401,
      ResultType: 'Success',
      ResultSignature: 'Unauthorized',
      Identity: {},
    });
    expect(read).toMatchObject({
      OperationName: 'SecretGet',
      OperationVersion: '2025-07-01',
      HttpStatusCode: 200,
      ResultSignature: 'OK',
      Id: `${cloud.vault.url}/secrets/prod-row/${version}`,
      RequestUri: `${cloud.vault.url}/secrets/prod-row/?api%2Dversion=2025-07-01`,
      CallerIpAddress: '203.0.113.7',
      CorrelationId: answered,
      IsRbacAuthorized: true,
      _ResourceId: cloud.vault.resourceId,
      Identity: { claim: { oid: rotator.objectId, appid: rotator.clientId, idtyp: 'app' } },
    });
    expect(network).toContain('addr=203.0.113.7;');
    expect(String(read?.['TimeGenerated'])).toMatch(/^2026-03-05T00:00:00\.400\d{4}Z$/);
    expect(String(read?.['ClientInfo'])).toContain('azsdk-js-keyvault-secrets');
  });
});
