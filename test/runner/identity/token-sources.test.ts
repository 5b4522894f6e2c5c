import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { accessTokenSource } from '../../../src/runner/identity/access-token-source.ts';
import type { AzureIdentity } from '../../../src/runner/configuration/fetch-configuration.ts';
import { httpExchange } from '../../../src/runner/http-exchange.ts';
import { managedIdentity } from '../../../src/runner/identity/managed-identity.ts';
import { diagnoseWay } from '../../../src/runner/doctor/diagnose-vault.ts';
import { readSecret } from '../../../src/runner/reading/read-secret.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { fakeRuntime } from '../in-process.ts';

const tenantId = '11111111-1111-4111-8111-111111111111';
const clientId = '22222222-2222-4222-8222-222222222222';
const claims = Buffer.from(JSON.stringify({ oid: 'AAAA-1', tid: tenantId })).toString('base64url');
const token = `e30.${claims}.c2ln`;
const servers: Server[] = [];
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'identity-'));
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A server that returns its answers in turn and repeats the last. Records its requests. */
async function serve(...answers: readonly { status: number; body?: unknown; silent?: boolean }[]) {
  const asked: { url: string; body: string; headers: IncomingMessage['headers'] }[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      asked.push({ url: request.url ?? '', body, headers: request.headers });
      const answer = answers[Math.min(asked.length, answers.length) - 1];
      if (answer?.silent === true) return;
      response
        .writeHead(answer?.status ?? 500, { 'content-type': 'application/json' })
        .end(JSON.stringify(answer?.body ?? {}));
    });
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { asked, url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}` };
}

const good = { status: 200, body: { access_token: token } };
const failure = async (act: Promise<unknown>): Promise<unknown> =>
  await act.then(
    () => 'no failure',
    (error: unknown) => error,
  );

describe('the managed identity', () => {
  const ask = (endpoint: string, runtime = fakeRuntime()) =>
    managedIdentity({ exchange: httpExchange, runtime }, { clientId, endpoint })('https://vault.azure.net');

  it('is requested by client id and resource, and returns its object id', async () => {
    const server = await serve(good);
    expect(await ask(server.url)).toMatchObject({ objectId: 'aaaa-1', tenantId });
    expect(server.asked[0]?.url).toContain(
      `resource=${encodeURIComponent('https://vault.azure.net')}&client_id=${clientId}`,
    );
    expect(server.asked[0]?.headers['metadata']).toBe('true');
  });

  it('is retried while the service is being updated, for a bounded time', async () => {
    const runtime = fakeRuntime();
    const server = await serve({ status: 410 }, { status: 429 }, { status: 404 }, good);
    await ask(server.url, runtime);
    expect(runtime.waits).toEqual([500, 1_000, 2_000]);
    const gone = await serve({ status: 410 });
    const patient = fakeRuntime();
    expect(await failure(ask(gone.url, patient))).toMatchObject({ code: 'IDENTITY_REFUSED', details: { status: 410 } });
    expect(patient.waits.reduce((sum, wait) => sum + wait, 0)).toBeLessThanOrEqual(75_000);
  });

  it.each([
    [
      400,
      {
        error: 'invalid_request',
        error_description: 'Multiple user assigned identities exist, please specify the clientId',
      },
      'several_identities',
    ],
    [400, { error: 'invalid_request', error_description: 'Identity not found' }, 'identity_not_found'],
    [403, {}, 'no_reason_given'],
  ])('is diagnosed if it refuses with %s', async (status, body, reason) => {
    const server = await serve({ status, body });
    const error = await failure(ask(server.url));
    expect(error).toMatchObject({ code: 'IDENTITY_REFUSED', details: { status, reason } });
    expect(server.asked).toHaveLength(1);
  });

  it('is diagnosed if the service is absent', async () => {
    expect(await failure(ask('http://127.0.0.1:9'))).toMatchObject({
      code: 'IDENTITY_UNREACHABLE',
      details: { reason: 'ECONNREFUSED' },
    });
  });
});

describe('Entra', () => {
  const source = async (
    identity: AzureIdentity,
    environment: Readonly<Record<string, string>> = {},
    gitea = 'https://git.example.net',
  ) => {
    const ports = { exchange: httpExchange, runtime: fakeRuntime(environment), gitea };
    return await (await accessTokenSource(ports, identity))('https://vault.azure.net');
  };
  const principal = (authority: string): Extract<AzureIdentity, { kind: 'service-principal' }> => ({
    kind: 'service-principal',
    tenantId,
    clientId,
    secretFile: null,
    secretVariable: 'CLIENT_SECRET',
    certificateFile: null,
    authority,
  });

  it.each([
    ['AADSTS7000222: expired', 'AADSTS7000222'],
    ['AADSTS700016: unknown application', 'AADSTS700016'],
    ['AADSTS700213: no matching federated identity record found', 'AADSTS700213'],
  ])('is diagnosed only by its code: %s', async (text, reason) => {
    const server = await serve({
      status: 401,
      body: { error: 'invalid_client', error_description: `${text} the-client-secret` },
    });
    const error = await failure(source(principal(server.url), { CLIENT_SECRET: 'the-client-secret' }));
    expect(error).toMatchObject({ code: 'IDENTITY_REFUSED', details: { reason } });
    expect(String(error)).not.toContain('the-client-secret');
  });

  it('accepts a secret, and an assertion signed with a certificate’s key', async () => {
    const server = await serve({ status: 503 }, good, good);
    expect((await source(principal(server.url), { CLIENT_SECRET: 's3cret' })).tenantId).toBe(tenantId);
    expect(new URLSearchParams(server.asked[1]?.body).get('client_secret')).toBe('s3cret');
    const pems = await generate([{ name: 'commonName', value: 'keyturn' }], { keySize: 2048 });
    const certificateFile = join(directory, 'certificate.pem');
    writeFileSync(certificateFile, `${pems.cert}\n${pems.private}`);
    await source({ ...principal(server.url), secretVariable: null, certificateFile });
    const assertion = new URLSearchParams(server.asked[2]?.body).get('client_assertion') ?? '';
    const [header = '', body = ''] = assertion
      .split('.')
      .map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    expect(JSON.parse(header)).toMatchObject({ alg: 'PS256' });
    expect(JSON.parse(body)).toMatchObject({ iss: clientId, aud: `${server.url}/${tenantId}/oauth2/v2.0/token` });
  });

  it('exchanges an id token of the configured Gitea, and requests none from another host', async () => {
    const gitea = await serve({ status: 200, body: { value: 'aaa.bbb.ccc' } });
    const entra = await serve(good);
    const identity: AzureIdentity = {
      kind: 'workload-identity',
      tenantId,
      clientId,
      tokenFile: null,
      audience: 'api://AzureADTokenExchange',
      authority: entra.url,
    };
    const environment = {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${gitea.url}/idtoken?x=1`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'bearer',
    };
    await source(identity, environment, gitea.url);
    expect(gitea.asked[0]?.url).toContain('audience=api%3A%2F%2FAzureADTokenExchange');
    expect(new URLSearchParams(entra.asked[0]?.body).get('client_assertion')).toBe('aaa.bbb.ccc');
    const elsewhere = await failure(source(identity, environment, 'https://git.example.net'));
    expect(elsewhere).toMatchObject({ code: 'IDENTITY_REFUSED', details: { reason: 'foreign_id_token_endpoint' } });
    expect(gitea.asked).toHaveLength(1);
  });

  it('names the unusable file of a federated token or certificate', async () => {
    const identity = { ...principal('http://127.0.0.1:9'), secretVariable: null };
    const missing = await failure(source({ ...identity, certificateFile: join(directory, 'missing.pem') }));
    expect(missing).toMatchObject({ code: 'IDENTITY_FILE_UNREADABLE', details: { reason: 'ENOENT' } });
    writeFileSync(join(directory, 'empty.pem'), '');
    const empty = await failure(source({ ...identity, certificateFile: join(directory, 'empty.pem') }));
    expect(empty).toMatchObject({
      code: 'IDENTITY_FILE_UNREADABLE',
      details: { reason: 'NO_CERTIFICATE_WITH_RSA_KEY' },
    });
  });
});

describe('the network to the vault', () => {
  const read = async (url: string) => {
    const runtime = fakeRuntime();
    const ports = {
      exchange: httpExchange,
      runtime,
      token: { token: new SecretValue('bearer-value'), objectId: null, tenantId: null },
      userAgent: 'x',
      patienceMs: 1,
    };
    return await readSecret(ports, { vault: { name: 'kv', url }, name: 'a', version: null, clientRequestId: 'c' });
  };

  it('fails at once for an unknown name, and soon for a closed port', async () => {
    const unknown = await read('https://no-such-vault.invalid');
    expect(unknown.outcome).toMatchObject({ kind: 'failed', error: { code: 'VAULT_UNREACHABLE' } });
    expect(JSON.stringify(unknown)).not.toContain('bearer-value');
    const closed = await read('http://127.0.0.1:9');
    expect(closed.outcome).toMatchObject({
      kind: 'failed',
      error: { code: 'VAULT_UNREACHABLE', details: { reason: 'ECONNREFUSED' } },
    });
  });

  it('gives up on a vault that accepts the connection and never answers', async () => {
    const server = await serve({ status: 200, silent: true });
    const hanging = httpExchange({ method: 'GET', url: server.url, headers: {}, timeoutMs: 100 });
    expect(await failure(hanging)).toMatchObject({ code: 'ETIMEDOUT' });
  });

  it('is diagnosed layer by layer', async () => {
    const [name] = await diagnoseWay(httpExchange, { name: 'kv', url: 'https://no-such-vault.invalid' });
    expect(name).toMatchObject({ layer: 'vault kv: name', verdict: 'fail' });
    const [found, closed] = await diagnoseWay(httpExchange, { name: 'kv', url: 'http://127.0.0.1:9' });
    expect(found).toMatchObject({ verdict: 'pass' });
    expect(closed).toMatchObject({ layer: 'vault kv: connection', verdict: 'fail', message: 'ECONNREFUSED' });
  });
});
