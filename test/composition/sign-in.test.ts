import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedIdentityProvider } from '../../embedded/openid/identity-provider.ts';
import { startIdentityProvider } from '../../embedded/openid/start-identity-provider.ts';
import { composeKeyturn, hostRequest } from '../../src/compose.ts';
import type { Keyturn } from '../../src/keyturn.ts';

let provider: EmbeddedIdentityProvider;
let directory: string;
beforeAll(async () => {
  provider = await startIdentityProvider();
  provider.define({ subject: '7', name: 'ann', groups: ['acme:auditors'] });
  provider.define({ subject: '8', name: 'ben', groups: ['acme:operators'] });
  directory = await mkdtemp(join(tmpdir(), 'keyturn-sign-in-'));
});
afterAll(async () => {
  await provider.stop();
  await rm(directory, { recursive: true });
});

const host = 'keyturn.example.org';

/** The service as an operator sets it up beside Gitea; every call is one more process over the same records. */
async function process(): Promise<Keyturn> {
  const { keyturn } = await composeKeyturn({
    KEYTURN_VAULTS: 'https://kv-prod.vault.azure.net',
    KEYTURN_IDENTITY_KIND: 'managed-identity',
    KEYTURN_DATA: directory,
    KEYTURN_PUBLIC_URL: `https://${host}`,
    KEYTURN_OPENID_ISSUER: provider.url,
    KEYTURN_OPENID_CLIENT_ID: provider.clientId,
    KEYTURN_OPENID_CLIENT_SECRET: provider.clientSecret,
    KEYTURN_OPENID_PRESET: 'gitea',
    KEYTURN_OPENID_AUDITOR_ROLE: 'Acme:Auditors',
    KEYTURN_OPENID_OPERATOR_ROLE: 'acme:operators',
  });
  return keyturn;
}

async function ask(keyturn: Keyturn, path: string, cookie = '', method = 'GET'): Promise<Response> {
  const request = new Request(`https://${host}${path}`, { method, headers: { host, cookie, accept: 'text/html' } });
  return await keyturn.handleRequest(request, { loopback: false });
}

const cookieOf = (response: Response) => response.headers.get('set-cookie')?.split(';')[0] ?? '';

async function signIn(first: Keyturn, second: Keyturn, name: string): Promise<string> {
  const away = await ask(first, '/sign-in');
  const back = new URL(await provider.visit(away.headers.get('location') ?? '', name));
  return cookieOf(await ask(second, `${back.pathname}${back.search}`, cookieOf(away)));
}

describe('signing in with Gitea as identity provider', () => {
  it('survives restarts during and after the sign-in', async () => {
    const cookie = await signIn(await process(), await process(), 'ann');
    const page = await ask(await process(), '/', cookie);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('ann')]);
  });

  it('ends for every process when the person signs out', async () => {
    const [first, second] = [await process(), await process()];
    const cookie = await signIn(first, first, 'ben');
    expect((await ask(second, '/rotations', cookie)).status).toBe(200);
    expect((await ask(first, '/sign-out', cookie, 'POST')).status).toBe(200);
    expect([(await ask(first, '/', cookie)).status, (await ask(second, '/', cookie)).status]).toEqual([401, 401]);
  });
});

describe('a probe of a host that cannot be composed', () => {
  const probe = async (path: string) =>
    await hostRequest(console, new Request(`https://${host}${path}`), { loopback: false });

  it('reports a running server that is not ready; other requests fail', async () => {
    // This process has no KEYTURN_… variable.
    const [live, ready] = [await probe('/healthz'), await probe('/readyz')];
    expect([live.status, await live.text(), ready.status, await ready.text()]).toEqual([200, 'ok', 503, 'unready']);
    await expect(probe('/')).rejects.toMatchObject({ code: 'SETTINGS_MALFORMED' });
  });
});
