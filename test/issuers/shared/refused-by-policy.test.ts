import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { entraPasswordIssuer } from '../../../src/issuers/azure/entra-password-issuer.ts';
import { giteaUserPasswordIssuer } from '../../../src/issuers/gitea/gitea-user-password-issuer.ts';
import { mysqlDualPasswordIssuer } from '../../../src/issuers/databases/mysql-dual-password-issuer.ts';
import { webhookIssuer } from '../../../src/issuers/webhook/webhook-issuer.ts';
import type { CredentialIssuer, IssueRequest } from '../../../src/rotation/ports/credential-issuer.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { application, fakeEntra } from '../fake-entra.ts';
import { fakeMysql } from '../fake-mysql.ts';
import { giteaWorld } from '../gitea-world.ts';
import { requestFor } from '../issue-request.ts';
import { webhookEndpoint } from '../webhook-endpoint.ts';

// test/servers covers PostgreSQL and MariaDB. Redis has no rules for passwords and stores only hashes.
describe('a value that the provider’s own rules refuse', () => {
  it('is reported for a Gitea user’s password, and the old one stays', async () => {
    const world = await giteaWorld();
    const issuer = giteaUserPasswordIssuer({ gitea: world.client, randomBytes });
    const current = new SecretValue('deployer-password-1234');
    const request = { ...requestFor('gitea-user-password', { user: 'deployer' }), current };
    await expectPolicyNamed(issuer, request, new SecretValue('short'));
    const old = { credentialId: 'deployer', value: new SecretValue('deployer-password-1234') };
    expect(await issuer.verify(request, old)).toMatchObject({ outcome: 'works' });
    await world.stop();
  });

  it('is reported for a MySQL user with two passwords, and nothing is retained or set', async () => {
    const accounts = {
      app: { password: 'first-password', old: null, attribute: null },
      keyturn: { password: 'administrator-4711', old: null, attribute: null },
    };
    const server = await fakeMysql(accounts, { leastLength: 64 });
    const url = (user: string, password: string) => `mysql://${user}:${password}@127.0.0.1:${String(server.port)}/shop`;
    const readSecret = () => Promise.resolve(new SecretValue(url('keyturn', 'administrator-4711')));
    const issuer = mysqlDualPasswordIssuer({ readSecret, randomBytes });
    const place = { host: '127.0.0.1', port: server.port, database: 'shop', tls: 'off' };
    const request = requestFor('mysql-dual-password', { ...place, administrator: 'kv-test/db-admin', user: 'app' });
    await expectPolicyNamed(issuer, request, issuer.propose(request));
    expect(accounts.app).toEqual({ password: 'first-password', old: null, attribute: null });
    await server.stop();
  });

  it("is reported for an operator's endpoint that answers 422", async () => {
    const key = `whsec_${randomBytes(24).toString('base64')}`;
    const endpoint = await webhookEndpoint(key, 'orders', { leastLength: 64 });
    const issuer = webhookIssuer({
      name: 'webhook',
      readSecret: () => Promise.resolve(new SecretValue(key)),
      randomBytes,
    });
    const target = { network: 'loopback', target: 'orders', principal: 'svc-orders', signingKey: 'kv-test/hook-key' };
    const request = requestFor('webhook', { ...target, url: endpoint.url }, new Date());
    await expectPolicyNamed(issuer, request, issuer.propose(request));
    expect(endpoint.credentials).toEqual([]);
    await endpoint.stop();
  });

  it("is reported for an Entra application whose tenant forbids the credential's lifetime", async () => {
    const entra = await fakeEntra('graph-access-token');
    const tokens = { getToken: () => Promise.resolve({ token: 'graph-access-token' }) };
    entra.allowUntil(new Date('2026-03-08T00:00:00Z'));
    const issuer = entraPasswordIssuer({ tokens, graph: entra.url, authority: entra.url });
    const target = { application: application.id, clientId: application.appId, tenant: application.tenant };
    await expectPolicyNamed(issuer, requestFor('entra-password', target), null);
    expect(entra.passwords).toEqual([]);
    await entra.stop();
  });
});

async function expectPolicyNamed(issuer: CredentialIssuer, request: IssueRequest, proposed: SecretValue | null) {
  const { vault, name } = request.binding;
  await expect(issuer.issue(request, proposed)).rejects.toMatchObject({
    code: 'CREDENTIAL_REFUSED_BY_PROVIDER_POLICY',
    details: { issuer: issuer.name, secret: `${vault}/${name}` },
  });
  // The rotation verifies this before it proposes another value: a refused value must not work.
  if (proposed === null) return;
  expect(await issuer.verify(request, { credentialId: 'not made', value: proposed })).toMatchObject({
    outcome: 'refused',
    authenticated: false,
  });
}
