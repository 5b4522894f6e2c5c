import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStoryPeople, type StoryPeople } from '../../examples/story/story-people.ts';
import { composeKeyturn } from '../../src/compose.ts';
import { type RunningServer, startServer } from '../../src/server.ts';

let people: StoryPeople;
let server: RunningServer;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'keyturn-people-'));
  // The portal's address is known before it listens, as in `start`.
  const port = await freePort();
  people = await startStoryPeople(`http://localhost:${String(port)}`);
  const settings = {
    KEYTURN_VAULTS: 'https://kv-prod.vault.azure.net',
    KEYTURN_IDENTITY_KIND: 'managed-identity',
    KEYTURN_DATA: directory,
    ...people.settings,
  };
  const { keyturn } = await composeKeyturn(settings, { trustLoopback: true });
  server = await startServer(keyturn, { host: '127.0.0.1', port, scheduled: false });
});
afterAll(async () => {
  await server.stop();
  await people.provider.stop();
  await rm(directory, { recursive: true });
});

async function freePort(): Promise<number> {
  return await new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** What a browser does: to the provider, a name chosen from its page, and back. Returns the session's cookie. */
async function signIn(name: string): Promise<string> {
  const away = await fetch(`${server.url}/sign-in`, { redirect: 'manual' });
  const attempt = away.headers.get('set-cookie')?.split(';')[0] ?? '';
  const choice = away.headers.get('location') ?? '';
  const page = await (await fetch(choice)).text();
  expect(page).toContain(`as=${name}`);
  const back = await fetch(`${choice}&as=${name}`, { redirect: 'manual' });
  const signedIn = await fetch(back.headers.get('location') ?? '', { headers: { cookie: attempt } });
  expect(signedIn.status).toBe(200);
  return signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
}

const shownTo = async (cookie: string, path = '/rotations') =>
  await (await fetch(`${server.url}${path}`, { headers: { cookie, accept: 'text/html' } })).text();

describe('the people of npm start', () => {
  it('sign in over http, each with their own name and role', async () => {
    const auditor = await signIn('ann');
    expect((await shownTo(auditor, '/reports')).includes('ann')).toBe(true);
    expect((await shownTo(auditor)).includes('action="/rotations"')).toBe(false);
    const ben = await shownTo(await signIn('ben'));
    expect([ben.includes('ben'), ben.includes('action="/rotations"')]).toEqual([true, true]);
  });

  it('sign out, after which this machine is accepted without a name', async () => {
    const cookie = await signIn('cem');
    const out = await fetch(`${server.url}/sign-out`, { method: 'POST', headers: { cookie, origin: server.url } });
    expect(out.status).toBe(200);
    const text = await shownTo(cookie);
    expect([text.includes('cem'), text.includes('Rotations')]).toEqual([false, true]);
  });
});
