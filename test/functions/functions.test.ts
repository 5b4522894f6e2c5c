import { globSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRotationHistories } from '../../src/rotation/history/read-rotation-histories.ts';
import { folderRecordStore } from '../../src/files/folder-record-store.ts';
import { liveSecret } from '../../examples/story/fixtures.ts';
import { embeddedSettings, type EmbeddedSettings } from './embedded-settings.ts';
import { type FunctionsHost, loadFunctions } from './programming-model.ts';

const publicHost = 'keyturn.example.org';
const built = globSync('dist/functions/*.js').sort();

let host: FunctionsHost;
let service: EmbeddedSettings;

beforeAll(async () => {
  // `npm test` builds first; without it there is nothing to load, and that is a failure, not a reason to skip.
  expect(built.map((file) => basename(file, '.js'))).toEqual([
    'check-setup',
    'collect-jobs',
    'collect-retrievals',
    'key-vault-events',
    'produce-reports',
    'reconcile-rotations',
    'web',
  ]);
  service = await embeddedSettings();
  Object.assign(process.env, service.environment, { KEYTURN_PUBLIC_URL: `https://${publicHost}` });
  host = await loadFunctions(built.map((file) => resolve(file)));
});

afterAll(async () => {
  for (const name of [...Object.keys(service.environment), 'KEYTURN_PUBLIC_URL']) delete process.env[name];
  await service.stop();
});

interface Entry {
  readonly message: string;
  readonly secret?: string;
  readonly state?: string;
}

/** What Keyturn logged; the programming model logs lines of its own. */
function entriesOf(logs: readonly string[]): readonly Entry[] {
  return logs.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Entry);
}

/** Sends a request as the platform's front end passes it on. */
async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set('x-forwarded-host', publicHost);
  headers.set('x-forwarded-proto', 'https');
  return await host.request('web', path, { ...init, headers });
}

describe('what the Functions app registers', () => {
  it('is the seven functions, by name, with their triggers', () => {
    const triggers = [...host.functions].map(([name, { bindings }]) => [name, Object.values(bindings)[0]?.type]);
    expect(Object.fromEntries(triggers)).toEqual({
      'check-setup': 'timerTrigger',
      'collect-jobs': 'timerTrigger',
      'collect-retrievals': 'timerTrigger',
      'key-vault-events': 'eventGridTrigger',
      'produce-reports': 'timerTrigger',
      'reconcile-rotations': 'timerTrigger',
      web: 'httpTrigger',
    });
  });

  it('runs by the clock as designed: every five minutes, thrice an hour, daily', () => {
    const schedule = (name: string) => Object.values(host.functions.get(name)?.bindings ?? {})[0]?.['schedule'];
    expect(schedule('reconcile-rotations')).toBe('0 */5 * * * *');
    expect(schedule('collect-jobs')).toMatch(/^\d+ \*\/5 \* \* \* \*$/);
    expect(schedule('collect-retrievals')).toMatch(/^\d+ \d+,\d+,\d+ \* \* \* \*$/);
    expect(schedule('check-setup')).toMatch(/^\d+ \d+ \d+ \* \* \*$/);
    expect(schedule('produce-reports')).toMatch(/^\d+ \d+ \d+ \* \* \*$/);
  });

  it('takes every path of the portal and the hooks, and leaves who is asking to the application', () => {
    const trigger = Object.values(host.functions.get('web')?.bindings ?? {})[0];
    expect(trigger).toMatchObject({ route: '{*path}', authLevel: 'anonymous' });
    expect(trigger?.['methods']).toEqual(expect.arrayContaining(['GET', 'POST', 'OPTIONS']));
  });

  it('says authLevel of the HTTP function alone', () => {
    for (const [name, { bindings }] of host.functions) {
      const said = Object.values(bindings).some((binding) => binding['authLevel'] !== undefined);
      expect([name, said]).toEqual([name, name === 'web']);
    }
  });
});

describe('an event of Key Vault', () => {
  it('rotates a due secret, the one of an earlier environment first', async () => {
    await host.invoke('key-vault-events', await eventOf('SecretNearExpiry', `${liveSecret}-staging`));
    const before = service.cloud.vault.versions(liveSecret).length;
    await host.invoke('key-vault-events', await eventOf('SecretNearExpiry', liveSecret));
    expect(service.cloud.vault.versions(liveSecret)).toHaveLength(before + 1);
    // One entry a line: Application Insights ties each to the invocation that wrote it.
    const entries = entriesOf(host.logs);
    expect(entries.at(-1)).toMatchObject({ message: 'Key Vault event: published.' });
    expect(entries.at(-1)?.secret).toMatch(new RegExp(`/${liveSecret}$`));
    expect(entries.map(({ state }) => state)).toContain('grace');
    const records = await folderRecordStore(service.environment['KEYTURN_DATA'] ?? '');
    const published: string[] = [];
    for await (const { secret, publishedVersion } of readRotationHistories(records)) {
      if (publishedVersion !== null) published.push(secret);
    }
    expect(published.toSorted()).toEqual([liveSecret, `${liveSecret}-staging`]);
  });

  it('of an unknown vault is recorded and not thrown', async () => {
    const event = (await eventOf('SecretNearExpiry', liveSecret)) as { data: object; topic: string };
    const topic = '/subscriptions/x/resourceGroups/y/providers/Microsoft.KeyVault/vaults/of-others';
    await host.invoke('key-vault-events', { ...event, topic, data: { ...event.data, VaultName: 'of-others' } });
    expect(entriesOf(host.logs).at(-1)).toMatchObject({ message: 'Key Vault event: refused.' });
    const records = await folderRecordStore(service.environment['KEYTURN_DATA'] ?? '');
    const kept: unknown[] = [];
    for await (const path of records.list('events/')) {
      if (!path.endsWith('.refused.json')) continue;
      kept.push(JSON.parse(Buffer.from((await records.read(path))?.bytes ?? []).toString()));
    }
    expect(kept).toHaveLength(1);
    expect(kept[0]).toMatchObject({ outcome: 'refused', secret: null });
  });
});

describe('the timers', () => {
  it('reconcile, collect and report, each saying what it did', async () => {
    for (const [name, says] of [
      ['reconcile-rotations', /^Rotations: \d+ secrets seen, /],
      ['collect-jobs', /^Jobs: /],
      ['collect-retrievals', /^Retrievals: .*slices? kept, 1 canary read/],
      ['produce-reports', /^Reports: .*sealed/],
    ] as const) {
      await host.invoke(name, { isPastDue: false, schedule: { adjustForDST: true }, scheduleStatus: null });
      expect(entriesOf(host.logs).at(-1)?.message).toMatch(says);
    }
  });
});

describe('the log of all invocations', () => {
  it('holds no value that the vault ever held', () => {
    const values = service.cloud.vault.everyValue().filter((value) => value.length > 8);
    expect(values.length).toBeGreaterThan(10);
    const text = host.logs.join('\n');
    expect(text).toContain(liveSecret);
    expect(values.filter((value) => text.includes(value))).toEqual([]);
  });
});

describe('the web function', () => {
  it('refuses the portal where no platform and nobody else has signed anybody in', async () => {
    expect((await ask('/')).status).toBe(401);
    expect((await ask('/rotations', { method: 'POST' })).status).toBe(401);
  });

  it('refuses a principal that somebody wrote into a header', async () => {
    const principal = { auth_typ: 'aad', claims: [{ typ: 'roles', val: 'Keyturn.Operator' }] };
    const forged = Buffer.from(JSON.stringify(principal)).toString('base64');
    const answer = await ask('/', { headers: { 'x-ms-client-principal': forged } });
    expect(answer.status).toBe(401);
    expect(await answer.text()).not.toContain('Reports');
  });

  it('refuses a host that is not its own, for hooks too', async () => {
    const headers = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' };
    expect((await host.request('web', '/receipts', { method: 'POST', headers, body: '{}' })).status).toBe(401);
  });

  it('lets a job reach the receipts, whose token Gitea does not confirm here', async () => {
    const answer = await ask('/receipts', { method: 'POST', body: '{"receipts":[]}' });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toEqual({ error: 'A runtime token is missing.' });
  });
});

/** The event as the embedded Event Grid writes it. */
async function eventOf(type: 'SecretNearExpiry', secret: string): Promise<unknown> {
  const events: unknown[] = [];
  const end = await service.cloud.eventGrid.subscribe({
    handler: (event) => {
      events.push(event);
      return Promise.resolve();
    },
  });
  await service.cloud.eventGrid.fire(type, secret);
  await service.cloud.eventGrid.settled();
  end();
  return events[0];
}

describe('the look at the setup', () => {
  it('logs each line of doctor, which the alert looks for, under the identity of the app', async () => {
    await host.invoke('check-setup', {});
    const said = entriesOf(host.logs).map(({ message }) => message);
    expect(said.filter((line) => line.startsWith('check-setup: ')).length).toBeGreaterThan(5);
    expect(said).toContainEqual(expect.stringMatching(/^check-setup: PDF engine: draws reports on /));
    expect(said.at(-1)).toMatch(/^Setup: \d+ failed, \d+ to know$/);
  });
});
