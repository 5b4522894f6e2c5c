import { personCalled } from '../provenance/people.ts';
import { request as httpRequest } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { validate } from 'node-cron';
import type { Keyturn, PassSummary } from '../../src/keyturn.ts';
import { type RunningServer, schedule, startServer } from '../../src/server.ts';
import type { Settings } from '../../src/settings.ts';
import { createWeb } from '../../src/web/create-web.ts';
import { sessionsUnderTest } from '../web/sign-in/sessions-under-test.ts';
import { webWorld } from '../web/web-world.ts';

const running: RunningServer[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

const nothing: PassSummary = { what: 'Nothing', says: 'Nothing to do.', counts: {} };

/** Nobody but this server itself says who people are. */
const alone = { openId: null, publicUrl: null, platformAuthentication: null } as Settings;

/** A server over the real web application, whose portal is empty, and passes that a test may replace. */
async function start(passes: Partial<Keyturn> = {}, trustLoopback = false) {
  const { sessions } = sessionsUnderTest(() => new Date());
  const { ports } = webWorld();
  const web = createWeb(ports, { trustLoopback, platform: null, sessions, tokens: null, openId: null, hosts: [] });
  const keyturn = {
    settings: alone,
    reconcileRotations: () => Promise.resolve(nothing),
    collectJobs: () => Promise.resolve(nothing),
    collectRetrievals: () => Promise.resolve(nothing),
    produceReports: () => Promise.resolve(nothing),
    handleRequest: async (request: Request, connection: { readonly loopback: boolean }) =>
      await web.fetch(request, { connection }),
    ...passes,
  } as unknown as Keyturn;
  const server = await startServer(keyturn, {
    host: '127.0.0.1',
    port: 0,
    scheduled: true,
  });
  running.push(server);
  return { server, sessions };
}

/** The status of a request whose Host header is chosen, as a browser on a rebound name would send it. */
async function statusWithHost(url: string, host: string): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    const sent = httpRequest(url, { headers: { host } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    sent.on('error', reject).end();
  });
}

describe('the self-hosted server', () => {
  it('lets whoever is on this machine in where that is trusted, judged by the socket and no header', async () => {
    const { server } = await start({}, true);
    expect((await fetch(server.url)).status).toBe(200);
    const forwarded = { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9' };
    expect((await fetch(server.url, { headers: forwarded })).status).toBe(200);
  });

  it('lets nobody in by being on this machine where that is not trusted', async () => {
    const { server } = await start();
    expect((await fetch(server.url)).status).toBe(401);
    expect((await fetch(server.url, { headers: { 'x-forwarded-for': '127.0.0.1' } })).status).toBe(401);
  });

  it('refuses a Host that is not its own, although the connection is of this machine', async () => {
    const { server } = await start({}, true);
    expect(await statusWithHost(server.url, 'evil.example')).toBe(401);
    expect(await statusWithHost(server.url, `localhost:${new URL(server.url).port}`)).toBe(200);
  });

  it('signs in once by the link', async () => {
    const { server, sessions } = await start();
    const link = `${server.url}/sign-in?code=${await sessions.offerSignIn({ person: personCalled('ann'), roles: ['auditor'] })}`;
    const first = await fetch(link, { redirect: 'manual' });
    expect(first.status).toBe(303);
    const cookie = first.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect((await fetch(server.url, { headers: { cookie } })).status).toBe(200);
    expect((await fetch(link, { redirect: 'manual' })).status).toBe(401);
  });

  it('says its address with its port', async () => {
    const { server } = await start();
    expect(server.url).toMatch(/^http:\/\/localhost:[1-9]\d+$/);
  });

  it('rejects when its port is taken', async () => {
    const { server } = await start();
    const options = { host: '127.0.0.1', port: Number(new URL(server.url).port), scheduled: false };
    await expect(startServer({ settings: alone } as Keyturn, options)).rejects.toMatchObject({
      code: 'SERVER_NOT_STARTED',
    });
  });
});

describe('a server beyond this machine', () => {
  const options = { host: '0.0.0.0', port: 0, scheduled: false };

  it('is refused where no identity provider says who people are', async () => {
    await expect(startServer({ settings: alone } as Keyturn, options)).rejects.toMatchObject({ code: 'HOST_REFUSED' });
    const half = { ...alone, openId: { issuer: 'https://id.example' } } as Settings;
    await expect(startServer({ settings: half } as Keyturn, options)).rejects.toMatchObject({ code: 'HOST_REFUSED' });
  });
});

describe('the schedule of the server', () => {
  it('reads the canary later in the hour when the vault refused it or the server was down at ten past', () => {
    const [, minutes = ''] = schedule['collect retrievals'].when.split(' ');
    expect(minutes.split(',').map(Number)).toEqual([10, 30, 50]);
  });

  it('does the work of the four timers of the Functions app, at times that the clock understands', () => {
    expect(Object.entries(schedule).map(([work, { when }]) => [work, validate(when)])).toEqual([
      ['reconcile rotations', true],
      ['collect jobs', true],
      ['collect retrievals', true],
      ['produce reports', true],
    ]);
  });

  it('goes on when work failed', async () => {
    let calls = 0;
    const { server } = await start({
      collectJobs: () => {
        calls += 1;
        return Promise.reject(new TypeError('a foreign text'));
      },
    });
    await server.run('collect jobs');
    await server.run('collect jobs');
    expect(calls).toBe(2);
  });

  it('waits at its end for work that is under way', async () => {
    let finish = (): void => undefined;
    const pass = new Promise<PassSummary>((resolve) => {
      finish = () => resolve(nothing);
    });
    const { server } = await start({ reconcileRotations: () => pass });
    const work = server.run('reconcile rotations');
    let stopped = false;
    const stopping = server.stop().then(() => {
      stopped = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(stopped).toBe(false);
    finish();
    await Promise.all([work, stopping]);
    expect(stopped).toBe(true);
  });

  it('begins nothing once it ends, not even what follows on work that was under way', async () => {
    let finish = (): void => undefined;
    const pass = new Promise<never>((_resolve, reject) => {
      finish = () => reject(new TypeError('the vault is gone'));
    });
    let begun = 0;
    const { server } = await start({
      collectJobs: () => pass,
      collectRetrievals: () => {
        begun += 1;
        return pass;
      },
    });
    const both = server.run('collect jobs').then(async () => await server.run('collect retrievals'));
    const stopping = server.stop();
    finish();
    await Promise.all([both, stopping]);
    expect(begun).toBe(0);
  });
});
