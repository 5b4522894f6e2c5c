import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Keyturn } from '../../src/keyturn.ts';
import { type RunningServer, startServer } from '../../src/server.ts';
import type { Settings } from '../../src/settings.ts';
import type { Role } from '../../src/web/caller.ts';
import { createWeb } from '../../src/web/create-web.ts';
import type { WebPorts } from '../../src/web/web-ports.ts';
import { personCalled } from '../provenance/people.ts';
import { skipUnless } from '../skip-unless.ts';
import { listedAccess, listedFinding, listedRead, listedSecret } from '../web/portal-examples.ts';
import { auditedSpan, listedRotation, pack, webWorld } from '../web/web-world.ts';
import { isTooWide, listenTo, tabTo, views, violationsOn } from './browser-checks.ts';
import { chromiumPath, startChromium } from './start-chromium.ts';

const at = '2026-03-01T00:00:00.000Z';

/** What a portal in use shows: every kind of state, of people and of words. */
const filled: Partial<WebPorts> = {
  rotations: () =>
    Promise.resolve([
      listedRotation({ rotationId: 'waits.1', awaits: 'publish', state: 'awaiting-approval' }),
      listedRotation({ rotationId: 'stopped.1', state: 'needs-attention', failure: 'APPROVAL_EXPIRED' }),
      listedRotation({ rotationId: 'grace.1', state: 'grace', publication: 'published', oldValue: 'in-grace' }),
      listedRotation({ rotationId: 'done.1', state: 'done', publication: 'published', oldValue: 'dead' }),
    ]),
  accessRequests: () => Promise.resolve([listedAccess()]),
  audited: () =>
    Promise.resolve(
      auditedSpan({
        findings: [listedFinding(), listedFinding({ id: 'low', severity: 'low' })],
        reads: [listedRead(), listedRead({ grade: 'person', person: 'ada', job: null, id: 'd'.repeat(64) })],
        gaps: [{ hour: at, state: 'gap' }],
      }),
    ),
  secrets: () => Promise.resolve([listedSecret(), listedSecret({ secret: 'late', health: 'overdue' })]),
  secret: () =>
    Promise.resolve({
      secret: listedSecret(),
      policy: ['A second person approves before Keyturn may publish.'],
      upcoming: [{ at, vault: 'kv', secret: 'app', says: 'is due' }],
      versions: [{ version: 'a'.repeat(32), publishedAt: at, rotationId: 'done.1', standing: 'the newest, in force' }],
      rotations: [listedRotation({ state: 'done' })],
      possibleReaders: { at, readers: [{ principalId: 'p-1', knownAs: null, verdict: 'may-read', grants: [] }] },
    }),
  upcoming: () => Promise.resolve([{ at, vault: 'kv', secret: 'app', says: 'expires' }]),
  sources: () => Promise.resolve([{ what: 'Jobs of Gitea', state: 'late', says: 'Complete up to yesterday.' }]),
  setup: () =>
    Promise.resolve({ at, checks: [{ what: 'vault kv', verdict: 'fail', says: 'No role.', command: 'az role' }] }),
  downloads: () => Promise.resolve([{ at, by: personCalled('ann'), pack: pack.id, file: 'report.html' }]),
};

const pages = [
  '/',
  '/rotations',
  '/access',
  '/secrets',
  '/secrets/kv/app',
  '/secrets/kv/app/plan',
  '/reads',
  '/findings',
  '/findings/f00dfeedf00dfeed',
  '/reports',
  `/reports/${pack.id}`,
  `/reports/${pack.id}/difference`,
  '/setup',
  '/retention',
  '/job-log?job=acme%2Fshop%2041%2F52.1',
  '/none',
];

const unlessAbsent = skipUnless(chromiumPath !== null, 'Chromium is not installed (apt-get install chromium)');

describe('the portal in a browser', unlessAbsent, () => {
  const world = webWorld({ ports: filled });
  let server: RunningServer;
  let browser: Browser;

  beforeAll(async () => {
    const { sessions, ports } = world;
    const web = createWeb(ports, {
      trustLoopback: false,
      platform: null,
      sessions,
      tokens: null,
      openId: null,
      hosts: [],
    });
    const keyturn = {
      settings: { openId: null, publicUrl: null, platformAuthentication: null } as Settings,
      handleRequest: async (request: Request, connection: { readonly loopback: boolean }) =>
        await web.fetch(request, { connection }),
    } as unknown as Keyturn;
    server = await startServer(keyturn, { host: '127.0.0.1', port: 0, scheduled: false });
    browser = await startChromium(chromiumPath ?? '');
  });
  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  /** A browser of its own in which a person has signed in by a link. */
  async function signedIn(roles: readonly Role[], options: Parameters<Browser['newContext']>[0] = {}) {
    const context = await browser.newContext(options);
    const code = await world.sessions.offerSignIn({ person: personCalled('ann'), roles: [...roles] });
    const page = await context.newPage();
    await page.goto(`${server.url}/sign-in?code=${code}`);
    return { context, page };
  }

  it.each(views)('has no violation that axe finds, and no page that is wider than the window, %s', async (_, view) => {
    const { context, page } = await signedIn(['operator'], { ...view, bypassCSP: true });
    const found: string[] = [];
    for (const path of pages) {
      await page.goto(`${server.url}${path}`);
      found.push(...(await violationsOn(page)).map((one) => `${path}: ${one}`));
      if (await isTooWide(page)) found.push(`${path}: too wide`);
    }
    await context.close();
    expect(found).toEqual([]);
  });

  it('asks nobody else for anything, and logs no error', async () => {
    const { context, page } = await signedIn(['operator']);
    const heard = listenTo(context, server.url);
    for (const path of pages.filter((one) => one !== '/none')) await page.goto(`${server.url}${path}`);
    await context.close();
    expect(heard).toEqual([]);
  });

  it('lets an operator approve what waits by the keyboard alone, without JavaScript', async () => {
    const { context, page } = await signedIn(['operator'], { javaScriptEnabled: false });
    await page.goto(server.url);
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').textContent()).toBe('Skip to the content');
    await tabTo(page, 'a[href="/rotations"]');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/rotations');
    await tabTo(page, 'section form input[name=reason]');
    await page.keyboard.type('reviewed');
    await page.keyboard.press('Tab');
    const posted = page.waitForResponse((answer) => answer.request().method() === 'POST');
    await page.keyboard.press('Enter');
    expect((await posted).status()).toBe(303);
    await context.close();
    expect(world.calls.approved).toEqual([
      expect.objectContaining({ rotationId: 'waits.1', reason: 'reviewed', by: personCalled('ann') }),
    ]);
  });

  it('lets an operator decline what waits, with a reason, after it says what comes of it', async () => {
    const { context, page } = await signedIn(['operator'], { javaScriptEnabled: false });
    await page.goto(`${server.url}/rotations`);
    const card = page.locator('section', { has: page.getByText('waits.1') });
    await card.getByText('Decline', { exact: true }).first().click();
    await card.getByText('Nothing is published').waitFor();
    const form = card.locator('form', { has: page.locator('input[value=decline]') });
    await form.getByLabel('Reason').fill('not before the audit');
    const posted = page.waitForResponse((answer) => answer.request().method() === 'POST');
    await form.getByRole('button', { name: 'Decline' }).click();
    expect((await posted).status()).toBe(303);
    await context.close();
    expect(world.calls.declined).toEqual([
      expect.objectContaining({ rotationId: 'waits.1', reason: 'not before the audit', by: personCalled('ann') }),
    ]);
  });

  it('lets an operator accept an exception until a day', async () => {
    const { context, page } = await signedIn(['operator']);
    await page.goto(`${server.url}/findings`);
    await page.getByRole('link', { name: 'ada read kv/app' }).first().click();
    await page.getByText('Accept until a day').click();
    await page.getByLabel('Why the risk is accepted').fill('a test system');
    await page.getByLabel('Accepted until the end of').fill('2026-04-30');
    const posted = page.waitForResponse((answer) => answer.request().method() === 'POST');
    await page.getByRole('button', { name: 'Accept' }).click();
    expect((await posted).status()).toBe(303);
    await context.close();
    expect(world.calls.decided).toEqual([expect.objectContaining({ kind: 'accepted', lastDay: '2026-04-30' })]);
  });

  it('leads an auditor to a report that is on record as taken, and to no page of operators', async () => {
    const { context, page } = await signedIn(['auditor']);
    await page.getByRole('link', { name: 'Reports' }).click();
    await page.getByRole('link', { name: 'Read the report' }).click();
    expect(await page.textContent('body')).toContain('report');
    expect((await page.goto(`${server.url}/secrets`))?.status()).toBe(403);
    await context.close();
    expect(world.calls.downloaded).toEqual([{ by: personCalled('ann'), pack: pack.id, file: 'report.html' }]);
  });
});
