import { createSign, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../../embedded/azure/identity/managed-identity.ts';
import { httpExchange } from '../../../src/runner/http-exchange.ts';
import { type FetchWorld, rowsOf, startFetchWorld } from '../fetch-world.ts';

let world: FetchWorld;
let application: Principal;
let authorityFile: string;

beforeAll(async () => {
  world = await startFetchWorld();
  world.cloud.vault.seed({ name: 'password', value: 'swordfish-swordfish' });
  application = world.cloud.entra.define({ name: 'deployer', address: '203.0.113.20' });
  world.cloud.vault.grant(application, ['get']);
  authorityFile = write('authority.pem', world.cloud.entra.certificate);
});
afterAll(() => world.stop());

function write(name: string, text: string): string {
  const path = join(world.directory, name);
  writeFileSync(path, text);
  return path;
}

/** Runs a command with one secret in a job, as the application, over https. */
async function asApplication(
  identity: Readonly<Record<string, unknown>>,
  { environment = {}, ...changes }: { environment?: Readonly<Record<string, string>> } & Record<string, unknown> = {},
) {
  const { tenantId, url } = world.cloud.entra;
  const configuration = world.configure({
    identity: { kind: 'service-principal', tenantId, clientId: application.clientId, authority: url, ...identity },
    authorityFile,
    ...changes,
  });
  const job = world.startJob();
  const words = ['exec', '--secret', 'P=password', '--', 'sh', '-c', 'echo "got $P"; env'];
  const code = await world.fetch(job, words, { ...environment, KEYTURN_FETCH_CONFIGURATION: configuration });
  return { code, log: rowsOf(world, job).join('\n') };
}

describe('a service principal, over https', () => {
  it('reads with a secret from a file, and its reads are recorded as its own', async () => {
    const secret = world.cloud.entra.addSecret(application);
    const { code, log } = await asApplication({ secretFile: write('secret', `${secret}\n`) });
    expect([code, log]).toEqual([0, expect.stringContaining('got ***')]);
    expect(log).not.toContain(secret);
    const row = world.cloud.auditLog.rows().findLast(({ OperationName }) => OperationName === 'SecretGet');
    expect(JSON.stringify(row)).toContain(application.objectId);
  });

  it('reads with a secret from a variable, which the command does not get', async () => {
    const secret = world.cloud.entra.addSecret(application);
    const environment = { DEPLOYER_SECRET: secret };
    const { code, log } = await asApplication({ secretVariable: 'DEPLOYER_SECRET' }, { environment });
    expect([code, log]).toEqual([0, expect.stringContaining('got ***')]);
    expect(log).not.toContain('DEPLOYER_SECRET');
  });

  it('reads with a certificate of the application', async () => {
    const pems = await generate([{ name: 'commonName', value: 'deployer' }], { keySize: 2048 });
    const certificateFile = write('certificate.pem', `${pems.cert}\n${pems.private}`);
    const unknown = await asApplication({ certificateFile });
    expect([unknown.code, unknown.log]).toEqual([83, expect.stringContaining('AADSTS700027')]);
    world.cloud.entra.addCertificate(application, pems.cert);
    expect((await asApplication({ certificateFile })).code).toBe(0);
  });

  it('learns that a secret has expired or a tenant is wrong, without showing the secret', async () => {
    const expired = world.cloud.entra.addSecret(application, new Date(Date.now() - 60_000));
    const late = await asApplication({ secretFile: write('expired', expired) });
    expect([late.code, late.log]).toEqual([83, expect.stringContaining('AADSTS7000222')]);
    expect(late.log).not.toContain(expired);
    const tenantId = '11111111-1111-4111-8111-111111111111';
    const elsewhere = await asApplication({ tenantId, secretFile: write('any', 'any-secret') });
    expect([elsewhere.code, elsewhere.log]).toEqual([83, expect.stringContaining('AADSTS90002')]);
  });

  it('is checked by doctor with the same trust', async () => {
    const { tenantId, url } = world.cloud.entra;
    const secretFile = write('doctor-secret', world.cloud.entra.addSecret(application));
    const identity = {
      kind: 'service-principal',
      tenantId,
      clientId: application.clientId,
      authority: url,
      secretFile,
    };
    const job = world.startJob();
    const configuration = world.configure({ identity, authorityFile });
    await world.fetch(job, ['doctor'], { KEYTURN_FETCH_CONFIGURATION: configuration });
    expect(rowsOf(world, job).join('\n')).toContain(`pass  identity: object id ${application.objectId}`);
  });

  it('retries while Entra fails temporarily', async () => {
    const secret = world.cloud.entra.addSecret(application);
    world.cloud.entra.failNext(503, 1);
    expect((await asApplication({ secretFile: write('again', secret) })).code).toBe(0);
  });

  it('sends nothing to an Entra with an untrusted certificate', async () => {
    const secretFile = write('unsent', 'never-sent-secret');
    const { code, log } = await asApplication({ secretFile }, { authorityFile: undefined });
    expect([code, log]).toEqual([82, expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT')]);
    expect(log).not.toContain('never-sent-secret');
  });
});

describe('workload identity federation, over https', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const audience = 'api://AzureADTokenExchange';
  const subject = 'repo:1/2:ref:refs/heads/main';
  const tokenFor = (issuer: string, about = subject) => {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: issuer, sub: about, aud: audience, nbf: now, exp: now + 300 };
    const text = [{ alg: 'RS256' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    return `${text}.${createSign('sha256').update(text).sign(privateKey).toString('base64url')}`;
  };
  const trust = (issuer: string) =>
    world.cloud.entra.addFederatedCredential(application, {
      issuer,
      subject,
      audience,
      publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    });
  const kind = { kind: 'workload-identity' };

  it('reads with a token from a file, and reports a mismatch', async () => {
    trust('https://cluster.example.net');
    const good = write('token', tokenFor('https://cluster.example.net'));
    expect((await asApplication({ ...kind, tokenFile: good })).code).toBe(0);
    const other = write('other-token', tokenFor('https://cluster.example.net', 'repo:1/9:ref:refs/heads/main'));
    const { code, log } = await asApplication({ ...kind, tokenFile: other });
    expect([code, log]).toEqual([83, expect.stringContaining('AADSTS700213')]);
  });

  it('reads with an id token from the configured Gitea', async () => {
    const asked: { url: string; authorization: string }[] = [];
    const gitea = createServer((request, answer) => {
      asked.push({ url: request.url ?? '', authorization: request.headers.authorization ?? '' });
      answer.end(JSON.stringify({ value: tokenFor(issuer) }));
    });
    gitea.listen(0, '127.0.0.1');
    await once(gitea, 'listening');
    const issuer = `http://127.0.0.1:${String((gitea.address() as AddressInfo).port)}`;
    trust(issuer);
    const environment = {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${issuer}/api/actions/idtoken?placeholder=true`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'id-token-bearer',
    };
    const { code, log } = await asApplication(kind, { environment, gitea: issuer });
    expect(code).toBe(0);
    expect(asked[0]?.url).toContain(`audience=${encodeURIComponent(audience)}`);
    expect(asked[0]?.authorization).toBe('Bearer id-token-bearer');
    // Neither the job's token nor the exchanged one.
    expect(log).not.toContain('id-token-bearer');
    expect(log).not.toContain('ACTIONS_ID_TOKEN');
    gitea.close();
  });
});

describe('a further authority', () => {
  it('is trusted only if the configuration names it', async () => {
    const { url, tenantId, certificate } = world.cloud.entra;
    const address = `${url}/${tenantId}/v2.0/.well-known/openid-configuration`;
    const ask = (authority?: string) =>
      httpExchange({ method: 'GET', url: address, headers: {}, timeoutMs: 60_000, authority });
    await expect(ask()).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect((await ask(certificate)).status).toBe(200);
  });
});
