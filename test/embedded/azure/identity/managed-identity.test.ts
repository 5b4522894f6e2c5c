import { get } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ManagedIdentityCredential } from '@azure/identity';
import { createClock } from '../../../../embedded/clock.ts';
import type { EmbeddedCloud } from '../../../../embedded/embedded-cloud.ts';
import { startEmbeddedCloud } from '../../../../embedded/start-embedded-cloud.ts';
import type { Principal } from '../../../../embedded/azure/identity/managed-identity.ts';

let cloud: EmbeddedCloud;
let first: Principal;
let second: Principal;

beforeAll(async () => {
  // A clock that is years away: tokens use the machine's time, like the clients.
  cloud = await startEmbeddedCloud({ clock: createClock(new Date('2020-01-01T00:00:00Z')) });
  first = cloud.identity.define({ name: 'first', kind: 'managed-identity', address: '203.0.113.1' });
  second = cloud.identity.define({ name: 'second', kind: 'managed-identity', address: '203.0.113.2' });
  cloud.identity.define({ name: 'Ada', kind: 'person', userPrincipalName: 'ada@example.org', address: '198.51.100.5' });
  vi.stubEnv('AZURE_POD_IDENTITY_AUTHORITY_HOST', cloud.identity.url);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await cloud.stop();
});

function ask(
  query: string,
  headers: Record<string, string> = { Metadata: 'true' },
): Promise<{ status: number; body: Record<string, string> }> {
  const address = `${cloud.identity.url}/metadata/identity/oauth2/token?${query}`;
  return new Promise((resolve, reject) => {
    get(address, { headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, string>,
        }),
      );
    }).on('error', reject);
  });
}

const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;

describe('the token endpoint', () => {
  it('issues each identity its own token through the real client, valid for a day of machine time', async () => {
    for (const principal of [first, second]) {
      const token = await new ManagedIdentityCredential({ clientId: principal.clientId }).getToken(
        'https://vault.azure.net/.default',
      );
      expect(claimsOf(token.token)).toMatchObject({
        oid: principal.objectId,
        appid: principal.clientId,
        aud: 'https://vault.azure.net',
        idtyp: 'app',
      });
      expect(token.expiresOnTimestamp - Date.now()).toBeGreaterThan(80_000_000);
    }
  });

  it("serves the metadata service's protocol to a plain client", async () => {
    const { status, body } = await ask(
      `resource=https%3A%2F%2Fvault.azure.net&client_id=${first.clientId}&api-version=2018-02-01`,
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({
      token_type: 'Bearer',
      client_id: first.clientId,
      resource: 'https://vault.azure.net',
    });
    expect(Number(body['expires_on']) * 1000).toBeGreaterThan(Date.now());
    expect(claimsOf(body['access_token'] ?? '')['xms_mirid']).toMatch(/userAssignedIdentities\/first$/);
  });

  it.each([
    ['the header is missing', 'resource=https://vault.azure.net', {}],
    ['several identities are there and none is named', 'resource=https://vault.azure.net', { Metadata: 'true' }],
    ['the identity is unknown', 'resource=https://vault.azure.net&client_id=nobody', { Metadata: 'true' }],
    ['no resource is named', '', { Metadata: 'true' }],
  ])('refuses if %s', async (_, query, headers) => {
    expect(await ask(query, headers as Record<string, string>)).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    });
  });

  it('issues no token to a person, who only gets one through the story', async () => {
    const person = cloud.identity.principals().find(({ kind }) => kind === 'person');
    expect((await ask(`resource=https://vault.azure.net&client_id=${person?.clientId}`)).status).toBe(400);
    if (!person) return;
    expect(claimsOf(cloud.identity.tokenFor(person, 'https://vault.azure.net'))).toMatchObject({
      upn: 'ada@example.org',
      idtyp: 'user',
    });
  });
});
