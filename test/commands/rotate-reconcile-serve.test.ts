import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { liveSecret } from '../../examples/story/fixtures.ts';
import { embeddedSettings, type EmbeddedSettings } from '../functions/embedded-settings.ts';
import { type Called, callCommand } from './call-command.ts';

let service: EmbeddedSettings;
beforeAll(async () => {
  service = await embeddedSettings();
});
afterAll(async () => await service.stop());

const call = async (...words: string[]): Promise<Called> =>
  await callCommand(words, { environment: service.environment });
const versionsOf = (name: string) => service.cloud.vault.versions(name).length;

describe('keyturn rotate', () => {
  it('with --plan ends with 3 when something that it looks at does not answer', async () => {
    service.cloud.vault.fault({ kind: 'deny', method: 'GET', secret: liveSecret, times: 1 });
    const { code, printed } = await call('rotate', liveSecret, '--plan');
    expect([code, printed.join(' ')]).toEqual([3, expect.stringContaining('fails with VAULT_ACCESS_DENIED')]);
  });

  it('with --plan says what it would do and changes nothing', async () => {
    const { code, printed } = await call('rotate', liveSecret, '--plan');
    expect(code).toBe(0);
    expect(printed.join('\n')).toContain(liveSecret);
    expect(versionsOf(liveSecret)).toBe(1);
  });

  it('rotates a bound secret and says where the rotation stands', async () => {
    const { code, printed } = await call('rotate', liveSecret, '--reason', 'a test', '--json');
    expect(code).toBe(0);
    const { rotationId, rotations } = JSON.parse(printed[0] ?? '') as {
      rotationId: string;
      rotations: readonly { readonly secret: string; readonly publishedAt: string | null }[];
    };
    expect(rotationId).toMatch(/^[a-z2-7]{16}$/);
    expect(rotations).toMatchObject([{ secret: liveSecret }]);
    expect(rotations[0]?.publishedAt).not.toBeNull();
    expect(versionsOf(liveSecret)).toBe(2);
    const texts = JSON.stringify(printed);
    expect(service.cloud.vault.everyValue().filter((value) => texts.includes(value))).toEqual([]);
  });

  it('refuses a version that is too young, with 1 and the reason', async () => {
    const { code, said } = await call('rotate', liveSecret);
    expect(code).toBe(1);
    expect(said.join('\n')).toMatch(/ROTATION_REQUEST_REFUSED[\s\S]*(too young|in its grace)/);
    expect(versionsOf(liveSecret)).toBe(2);
  });

  it('rolls back with a reason alone, and with neither a plan nor an emergency', async () => {
    for (const words of [[], ['--reason', ' '], ['--reason', 'x', '--plan'], ['--reason', 'x', '--emergency']]) {
      const { code, printed } = await call('rotate', liveSecret, '--roll-back', '--json', ...words);
      expect([code, JSON.parse(printed[0] ?? '')]).toMatchObject([2, { error: { code: 'USAGE_WRONG' } }]);
    }
    expect(versionsOf(liveSecret)).toBe(2);
  });

  it('rolls back the one rotation that is in its grace: the old value is published again', async () => {
    const different = () => new Set(service.cloud.vault.everyValue()).size;
    const before = different();
    const [old, rotated] = service.cloud.vault.versions(liveSecret);
    const { code, printed } = await call('rotate', liveSecret, '--roll-back', '--reason', 'a test', '--json');
    expect(code).toBe(0);
    const { rotationId, rotations } = JSON.parse(printed[0] ?? '') as {
      rotationId: string;
      rotations: readonly unknown[];
    };
    expect(rotationId).toMatch(/^[a-z2-7]{16}$/);
    expect(rotations).toMatchObject([{ secret: liveSecret, state: 'rolled-back' }]);
    const versions = service.cloud.vault.versions(liveSecret);
    expect(versions).toHaveLength(3);
    expect(versions.at(-1)?.tags).toEqual({ ...old?.tags, 'rotated-from': rotated?.version });
    expect(different()).toBe(before);
  });

  it('refuses a second roll-back, and one of a secret without a rotation, with 1 and the reason', async () => {
    const twice = await call('rotate', liveSecret, '--roll-back', '--reason', 'again');
    expect(twice.code).toBe(1);
    expect(twice.said.join('\n')).toMatch(/ROLL_BACK_REFUSED[\s\S]*rolled back already/);
    expect(versionsOf(liveSecret)).toBe(3);
    const unknown = await call('rotate', 'of-nobody', '--roll-back', '--reason', 'x', '--json');
    expect([unknown.code, JSON.parse(unknown.printed[0] ?? '')]).toMatchObject([
      1,
      { error: { code: 'SECRET_NOT_BOUND' } },
    ]);
  });

  it('refuses a secret that the policy does not bind, with 1', async () => {
    const { code, printed } = await call('rotate', 'of-nobody', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(printed[0] ?? '')).toMatchObject({ error: { code: 'SECRET_NOT_BOUND' } });
  });

  it('refuses to act in the role that attests', async () => {
    const environment = { ...service.environment, KEYTURN_ROLE: 'report' };
    const { code, said } = await callCommand(['rotate', liveSecret], { environment });
    expect(code).toBe(2);
    expect(said.join('\n')).toContain('the role report starts no rotation');
  });
});

describe('keyturn reconcile', () => {
  it('with --plan looks only; without it makes one pass and counts what it saw', async () => {
    const planned = await call('reconcile', '--plan', '--json');
    expect(planned.code).toBe(0);
    const { plan, counts } = JSON.parse(planned.printed[0] ?? '') as {
      plan: readonly string[];
      counts: { readonly secrets: number };
    };
    expect(plan.length).toBeGreaterThan(0);
    expect(counts.secrets).toBeGreaterThan(10);
    const { code, printed, said } = await call('reconcile');
    expect([code, said]).toEqual([0, []]);
    expect(printed[0]).toMatch(/^\d+ secrets seen, \d+ bound by the policy/);
  });

  it('without a policy observes, says so, and rotates nothing', async () => {
    const { KEYTURN_POLICY: _, ...environment } = service.environment;
    // Records of its own: where a policy was in force before, its absence is a fault.
    const data = await mkdtemp(join(tmpdir(), 'observe-'));
    onTestFinished(async () => await rm(data, { recursive: true }));
    const own = { environment: { ...environment, KEYTURN_DATA: data } };
    const { code, printed } = await callCommand(['reconcile'], own);
    expect(code).toBe(0);
    expect(printed[0]).toBe('Observe mode: no policy binds a secret, so nothing is rotated.');
    expect(printed[1]).not.toMatch(/claimed|published/);
  });
});

describe('keyturn serve', () => {
  it('listens on this machine, offers a sign-in link to the person at the terminal alone, and ends when asked', async () => {
    const stop = new AbortController();
    const logged: string[] = [];
    let offered: (link: string) => void = () => undefined;
    const link = new Promise<string>((resolve) => {
      offered = resolve;
    });
    const ended = callCommand(['serve', '--json'], {
      environment: { ...service.environment, KEYTURN_PORT: '0' },
      print: (line) => offered(/http:\S+/.exec(line)?.[0] ?? line),
      say: (line) => logged.push(line),
      signal: stop.signal,
    });
    const url = new URL(await link);
    expect((await fetch(new URL('/', url))).status).toBe(401);
    const signedIn = await fetch(url, { redirect: 'manual' });
    expect(signedIn.status).toBe(303);
    const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect((await fetch(new URL('/', url), { headers: { cookie } })).status).toBe(200);
    stop.abort();
    expect((await ended).code).toBe(0);
    expect(JSON.parse(logged[0] ?? '')).toMatchObject({ level: 'info', listening: url.origin, role: 'all' });
    // The link is a key: no line that a log collector keeps may hold it.
    expect(logged.join('\n')).not.toContain(url.searchParams.get('code'));
    await expect(fetch(new URL('/', url))).rejects.toThrow();
  });
});

describe('a plan', () => {
  it('exits with 3 where the provider cannot be asked, and says why', async () => {
    const environment = { ...service.environment, KEYTURN_GITEA_URL: 'http://127.0.0.1:1' };
    const { code, printed } = await callCommand(['rotate', 'deploy-token', '--plan'], { environment });
    expect([code, printed.join('\n')]).toEqual([3, expect.stringContaining('asking the provider fails with GITEA_')]);
  });

  it('of 150 secrets is grouped, sorted and short enough to be read', async () => {
    const { cloud, environment, directory } = service;
    const now = cloud.clock.now().getTime();
    const names = Array.from({ length: 150 }, (_, index) => `many-${String(index).padStart(3, '0')}`);
    for (const [index, name] of names.entries()) {
      const created = new Date(now - (index < 120 ? 80 : 10) * 86_400_000);
      cloud.vault.seed({ name, value: name, created, expires: new Date(created.getTime() + 90 * 86_400_000) });
    }
    const rows = names.map((name, index) => {
      if (index < 3) return `  ${name}: { issuer: generated, validity: 90d, first: automatic }`;
      if (index < 6) return `  ${name}: { owner: shop team, validity: 81d }`;
      return `  ${name}: { issuer: generated, validity: 90d }`;
    });
    const file = join(directory, 'many.policy.yml');
    await writeFile(file, `format: 1\nsecrets:\n${rows.join('\n')}\n`);
    const { code, printed, said } = await callCommand(['reconcile', '--plan'], {
      environment: { ...environment, KEYTURN_POLICY: file },
    });
    expect({ code, said }).toEqual({ code: 0, said });
    const headings = printed.filter((line) => !line.startsWith('  '));
    expect(headings.filter((line) => !/^Would go on|still be in use/.test(line))).toEqual([
      'Would rotate now (3):',
      'Due; the first rotation waits for a go (114):',
      'For people to replace (3):',
    ]);
    expect(printed.length).toBeLessThan(40);
    expect(printed).toContainEqual(
      expect.stringMatching(/^ {2}[\w-]+\/many-000: [0-9a-f]{8}, which ends \d{4}-\d\d-\d\dT\d\d:\d\dZ\.$/),
    );
    expect(printed).toContainEqual(expect.stringMatching(/^ {2}[\w-]+\/many-003: ends .*\(shop team\)\.$/));
    const go = printed.indexOf('Due; the first rotation waits for a go (114):');
    expect(printed[go + 1]).toBe(`  ${cloud.vault.name}/many-006`);
    expect(printed[go + 13]).toBe('  and 102 more; --json lists all');
  });
});
