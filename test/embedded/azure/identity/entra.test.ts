import { createSign, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClientAssertionCredential, ClientCertificateCredential, ClientSecretCredential } from '@azure/identity';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedCloud } from '../../../../embedded/embedded-cloud.ts';
import { startEmbeddedCloud } from '../../../../embedded/start-embedded-cloud.ts';

let cloud: EmbeddedCloud;
let directory: string;
beforeAll(async () => {
  cloud = await startEmbeddedCloud();
  directory = mkdtempSync(join(tmpdir(), 'entra-'));
});
afterAll(async () => {
  await cloud.stop();
  rmSync(directory, { recursive: true, force: true });
});

const scope = 'https://vault.azure.net/.default';
const options = () => ({
  authorityHost: cloud.entra.url,
  disableInstanceDiscovery: true,
  tlsOptions: { ca: cloud.entra.certificate },
  retryOptions: { maxRetries: 0 },
});
const application = () => cloud.entra.define({ name: 'deployer', address: '203.0.113.20' });

describe('the embedded Entra', () => {
  it('issues a token to Azure’s own client only for a valid secret', async () => {
    const principal = application();
    const secret = cloud.entra.addSecret(principal);
    const { tenantId } = cloud.entra;
    const { token } = await new ClientSecretCredential(tenantId, principal.clientId, secret, options()).getToken(scope);
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).toMatchObject({
      oid: principal.objectId,
      appid: principal.clientId,
      aud: 'https://vault.azure.net',
    });
    cloud.vault.seed({ name: 'a', value: 'value-of-a' });
    cloud.vault.grant(principal, ['get']);
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`${cloud.vault.url}/secrets/a?api-version=7.4`, { headers })).status).toBe(200);
    const wrong = new ClientSecretCredential(tenantId, principal.clientId, 'wrong', options()).getToken(scope);
    await expect(wrong).rejects.toThrow(/AADSTS7000215/);
    const expired = cloud.entra.addSecret(principal, new Date(Date.now() - 1_000));
    const late = new ClientSecretCredential(tenantId, principal.clientId, expired, options()).getToken(scope);
    await expect(late).rejects.toThrow(/AADSTS7000222/);
  });

  it('accepts an assertion that Azure’s own client signs with a registered certificate, and no other', async () => {
    const principal = application();
    const [known, unknown] = await Promise.all(
      [1, 2].map(() => generate([{ name: 'commonName', value: 'deployer' }], { keySize: 2048 })),
    );
    cloud.entra.addCertificate(principal, known?.cert ?? '');
    const credential = (pems: typeof known, name: string) => {
      const path = join(directory, name);
      writeFileSync(path, `${pems?.cert ?? ''}\n${pems?.private ?? ''}`);
      return new ClientCertificateCredential(cloud.entra.tenantId, principal.clientId, path, options());
    };
    expect((await credential(known, 'known.pem').getToken(scope)).token).not.toBe('');
    await expect(credential(unknown, 'unknown.pem').getToken(scope)).rejects.toThrow(/AADSTS700027/);
  });

  it('exchanges a token that a federated credential matches in issuer, subject, audience, signature and time', async () => {
    const principal = application();
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const credential = {
      issuer: 'https://git.example.net',
      subject: 'repo:1/2',
      audience: 'api://AzureADTokenExchange',
    };
    cloud.entra.addFederatedCredential(principal, {
      ...credential,
      publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    });
    const ask = async (changes: Readonly<Record<string, unknown>> = {}, damage = '') => {
      const now = Math.floor(Date.now() / 1000);
      const { issuer, subject, audience } = credential;
      const claims = { iss: issuer, sub: subject, aud: audience, iat: now, nbf: now, exp: now + 300, ...changes };
      const text = [{ alg: 'RS256' }, claims]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.');
      const signature = createSign('sha256').update(`${text}${damage}`).sign(privateKey).toString('base64url');
      const assertion = () => Promise.resolve(`${text}.${signature}`);
      const { tenantId } = cloud.entra;
      return await new ClientAssertionCredential(tenantId, principal.clientId, assertion, options()).getToken(scope);
    };
    expect((await ask()).token).not.toBe('');
    await expect(ask({ iss: 'https://git.example.org' })).rejects.toThrow(/AADSTS700211/);
    await expect(ask({ sub: 'repo:1/3' })).rejects.toThrow(/AADSTS700213/);
    await expect(ask({ aud: 'api://else' })).rejects.toThrow(/AADSTS700212/);
    await expect(ask({ exp: Math.floor(Date.now() / 1000) - 3_600, nbf: 0 })).rejects.toThrow(/AADSTS700024/);
    await expect(ask({}, 'x')).rejects.toThrow(/AADSTS50013/);
  });

  it('knows only one tenant and its applications', async () => {
    const ask = (tenant: string, clientId: string) =>
      new ClientSecretCredential(tenant, clientId, 'x', options()).getToken(scope);
    await expect(ask(cloud.entra.tenantId, '22222222-2222-4222-8222-222222222222')).rejects.toThrow(/AADSTS700016/);
    await expect(ask('11111111-1111-4111-8111-111111111111', 'x')).rejects.toThrow();
  });
});
