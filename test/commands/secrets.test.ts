import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liveSecret } from '../../examples/story/fixtures.ts';
import { composeKeyturn } from '../../src/compose.ts';
import { type EmbeddedSettings, embeddedSettings } from '../functions/embedded-settings.ts';
import { callCommand } from './call-command.ts';

let service: EmbeddedSettings;
let directory: string;
let environment: Record<string, string | undefined>;
beforeAll(async () => {
  service = await embeddedSettings();
  directory = await mkdtemp(join(tmpdir(), 'keyturn-list-'));
  const policy = join(directory, 'keyturn.policy.yml');
  await writeFile(
    policy,
    `format: 1
secrets:
  ${liveSecret}: { issuer: generated, validity: 90d, grace: 1h, first: automatic, approval: [publish] }
  long-gone: { validity: 180d, owner: Team Shop }
`,
  );
  environment = { ...service.environment, KEYTURN_POLICY: policy, KEYTURN_DATA: join(directory, 'records') };
  const { keyturn } = await composeKeyturn(environment);
  await keyturn.collectRetrievals();
});
afterAll(async () => {
  await service.stop();
  await rm(directory, { recursive: true });
});

const call = async (...words: string[]) => await callCommand(words, { environment });

describe('keyturn list', () => {
  it('shows every secret of the vault and of the policy, in the same order each time, and no value', async () => {
    const { code, printed } = await call('list', '--json');
    expect(code).toBe(0);
    const rows = printed.map((line) => JSON.parse(line) as { secret: string; binding: string; health: string });
    expect(rows.find(({ secret }) => secret === liveSecret)).toMatchObject({ binding: 'bound', issuer: 'generated' });
    expect(rows.find(({ secret }) => secret === 'long-gone')).toMatchObject({ binding: 'tracked', version: null });
    expect((await call('list', '--json')).printed).toEqual(printed);
    const values = service.cloud.vault.everyValue().filter((value) => value.length > 4);
    expect(values.filter((value) => printed.join('\n').includes(value))).toEqual([]);
  });

  it('shows with --unbound what the policy does not name, alone', async () => {
    const rows = (await call('list', '--unbound', '--json')).printed.map(
      (line) => JSON.parse(line) as { secret: string; binding: string },
    );
    expect(rows.length).toBeGreaterThan(3);
    expect(new Set(rows.map(({ binding }) => binding))).toEqual(new Set(['not-bound']));
  });

  it('shows with --due what ends within 14 days, alone', async () => {
    const rows = (await call('list', '--due', '--json')).printed.map((line) => JSON.parse(line) as { due: string });
    const until = new Date(Date.now() + 14 * 86_400_000).toISOString();
    expect(rows.filter(({ due }) => due > until)).toEqual([]);
  });
});

describe('keyturn show', () => {
  it('shows what is known of one secret, by its name alone', async () => {
    const { code, printed } = await call('show', liveSecret);
    expect(code).toBe(0);
    expect(printed[0]).toMatch(new RegExp(`^${service.cloud.vault.name}/${liveSecret}: `));
  });

  it('shows all of it to programs, as keyturn schema says', async () => {
    const { code, printed } = await call('show', liveSecret, '--json');
    expect([code, JSON.parse(printed.join(''))]).toMatchObject([0, { secret: { secret: liveSecret } }]);
  });

  it('ends with 1 for a secret of which nothing is known', async () => {
    expect(await call('show', 'nothing-of-the-kind')).toMatchObject({ code: 1, printed: [] });
  });
});

describe('keyturn status', () => {
  it("counts what the policy tracks, and not Keyturn's own secrets", async () => {
    const { printed } = await call('status');
    expect(printed[0]).toMatch(/; the policy binds 1 and tracks 1\.$/);
    const unset = { ...environment, KEYTURN_POLICY: undefined };
    const without = await callCommand(['status'], { environment: unset });
    expect(without.printed[0]).toMatch(/; the policy binds 0 and tracks 0\.$/);
  });
});

describe('keyturn approve', () => {
  it('is refused with the reason where nobody proved who they are, and taken as the recorded exception', async () => {
    await call('rotate', liveSecret, '--reason', 'a test');
    const waiting = JSON.parse((await call('status', '--json')).printed.join('')) as {
      waiting: { rotation: string; awaits: string }[];
    };
    expect(waiting.waiting).toMatchObject([{ awaits: 'publish' }]);
    const id = waiting.waiting[0]?.rotation ?? '';
    const refused = await call('approve', id, '--reason', 'looks right');
    expect([refused.code, refused.said.join('\n')]).toEqual([1, expect.stringContaining('signed in')]);
    expect((await call('status')).code).toBe(1);
    const approved = await call('approve', id, '--reason', 'INC-42', '--break-glass', '--json');
    expect([approved.code, approved.printed]).toEqual([0, [`{"approved":"${id}","breakGlass":true}`]]);
    const after = JSON.parse((await call('status', '--json')).printed.join('')) as { waiting: unknown[] };
    expect(after.waiting).toEqual([]);
  });

  it('is followed by a no that stops a rotation, is on record, and is told by status', async () => {
    expect((await call('decline', 'mfrggzdfmztwq2lk.1')).code).toBe(2);
    await call('rotate', liveSecret, '--emergency', '--reason', 'a second one');
    const before = JSON.parse((await call('status', '--json')).printed.join('')) as {
      waiting: { rotation: string; awaits: string }[];
    };
    const id = before.waiting.find(({ awaits }) => awaits === 'publish')?.rotation ?? '';
    const declined = await call('decline', id, '--reason', 'not before the audit', '--json');
    expect([declined.code, declined.printed]).toEqual([0, [`{"declined":"${id}"}`]]);
    const after = JSON.parse((await call('status', '--json')).printed.join('')) as { waiting: unknown[] };
    expect(after.waiting).toMatchObject([{ rotation: id, awaits: null, failure: 'APPROVAL_DECLINED' }]);
    expect((await call('decline', id, '--reason', 'twice')).code).toBe(1);
    const request = '00000000-000000000000.000000000000';
    expect((await call('decline', request, '--reason', 'x')).code).toBe(1);
  });

  it('ends with 1 for a rotation that is not there, and says where the ids are', async () => {
    for (const words of [['approve', '--break-glass'], ['decline']]) {
      const { code, said } = await call(...words, 'mfrggzdfmztwq2lk.1', '--reason', 'x');
      expect([code, said.join('\n')]).toEqual([1, expect.stringContaining('keyturn status')]);
    }
  });

  it('needs a reason, and ends with 1 for a request that is not there', async () => {
    expect((await call('approve', 'mfrggzdfmztwq2lk.1')).code).toBe(2);
    const request = '00000000-000000000000.000000000000';
    expect((await call('approve', request, '--reason', 'x', '--break-glass')).code).toBe(1);
  });
});

describe('keyturn retire', () => {
  it('ends the credential of a secret, and refuses one that the policy does not bind', async () => {
    const { code, printed } = await call('retire', liveSecret, '--reason', 'the shop is closed', '--json');
    expect([code, JSON.parse(printed.join(''))]).toEqual([
      0,
      { retired: [`${service.cloud.vault.name}/${liveSecret}`] },
    ]);
    expect((await call('retire', 'long-gone', '--json')).code).toBe(1);
  });
});
