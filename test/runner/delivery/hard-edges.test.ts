import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { childEnvironment, heldBack } from '../../../src/runner/delivery/child-environment.ts';
import { type FetchWorld, rowsOf, startFetchWorld } from '../fetch-world.ts';
import { pathInSharedMemory } from '../shared-memory.ts';

let world: FetchWorld;
beforeAll(async () => {
  world = await startFetchWorld();
  world.cloud.vault.seed({ name: 'password', value: 'swordfish-swordfish' });
});
afterAll(() => world.stop());

/** A helper whose command waits, with a child of its own; resolves once it runs. */
async function startWaiting(name: string, place = 'P_FILE') {
  const told = join(world.directory, name);
  const script = `sleep 300 & echo "$$ $PPID $P_FILE" > ${told}.part && mv ${told}.part ${told}; wait`;
  const words = ['exec', '--file', `${place}=password`, '--', 'sh', '-c', script];
  const helper = spawn(process.execPath, [join(world.directory, 'keyturn-fetch.cjs'), ...words], {
    env: { ...world.startJob().environment, KEYTURN_FETCH_CONFIGURATION: world.configure() },
    stdio: 'ignore',
  });
  await vi.waitFor(() => expect(existsSync(told)).toBe(true), { timeout: 120_000, interval: 20 });
  const [group = '', , file = ''] = readFileSync(told, 'utf8').trim().split(' ');
  return { helper, helperId: helper.pid ?? 0, group: Number(group), file };
}

/** Processes by what `/proc/PID/stat` says: state, parent, group. Ended ones that nobody fetched (Z) are left out. */
function processes(matches: (stat: { id: number; parent: number; group: number }) => boolean): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const text = readFileSync(`/proc/${name}/stat`, 'latin1');
      const [state, parent, group] = text.slice(text.lastIndexOf(')') + 2).split(' ');
      const found = { id: Number(name), parent: Number(parent), group: Number(group) };
      return state !== 'Z' && matches(found) ? [found.id] : [];
    } catch {
      return [];
    }
  });
}

const members = (group: number) => processes((one) => one.group === group);
const guardians = (helper: number) =>
  processes(
    ({ id, parent }) =>
      parent === helper && readFileSync(`/proc/${String(id)}/cmdline`, 'utf8').includes('\0keyturn-guardian\0'),
  );
const isStopped = (helper: number) => readFileSync(`/proc/${String(helper)}/stat`, 'latin1').includes(') T ');
const soon = async (holds: () => void) => await vi.waitFor(holds, { timeout: 120_000, interval: 20 });

/**
 * Stops the helper first: it would start another guardian, which would do its work. `between`: the guardian is dead, and the
 * helper will not go on. From its death on, every start of a helper on this machine sweeps, those of other tests too.
 */
async function killBoth(helper: ChildProcess, helperId: number, between: () => void): Promise<void> {
  await soon(() => expect(guardians(helperId)).toHaveLength(1));
  helper.kill('SIGSTOP');
  await soon(() => expect(isStopped(helperId)).toBe(true));
  for (const guardian of guardians(helperId)) process.kill(guardian, 'SIGKILL');
  await soon(() => expect(guardians(helperId)).toEqual([]));
  between();
  helper.kill('SIGKILL');
  await soon(() => expect(helper.signalCode).toBe('SIGKILL'));
}

describe('when the helper and its guardian are both killed', () => {
  it('the next start ends the command with all its children, and removes the file', async () => {
    const { helper, helperId, group, file } = await startWaiting('both-killed');
    await killBoth(helper, helperId, () => {
      expect([members(group).length >= 2, existsSync(file)]).toEqual([true, true]);
    });
    expect(await world.fetch(world.startJob(), ['exec', '--secret', 'P=password', '--', 'true'])).toBe(0);
    await soon(() => expect([members(group), existsSync(file)]).toEqual([[], false]));
  });
});

describe('a file at a path of the job’s own', () => {
  it.each([
    ['exec', ['exec', '--secret', 'P=password', '--', 'true']],
    ['mask', ['mask', '--secret', 'P=password']],
  ])('is removed by the next start, %s, if helper and guardian are killed', async (name, words) => {
    const place = pathInSharedMemory('key');
    const { helper, helperId, group } = await startWaiting(`own-path-${name}`, place);
    await killBoth(helper, helperId, () => expect(existsSync(place)).toBe(true));
    expect(await world.fetch(world.startJob(), words)).toBe(0);
    await soon(() => expect([members(group), existsSync(place)]).toEqual([[], false]));
  });

  it('is left alone if another one has taken its place since', async () => {
    const place = pathInSharedMemory('key');
    const { helper, helperId, group } = await startWaiting('replaced-path', place);
    await killBoth(helper, helperId, () => {
      writeFileSync(`${place}.new`, 'kept');
      renameSync(`${place}.new`, place);
    });
    expect(await world.fetch(world.startJob(), ['exec', '--secret', 'P=password', '--', 'true'])).toBe(0);
    await soon(() => expect(members(group)).toEqual([]));
    expect(readFileSync(place, 'utf8')).toBe('kept');
  });
});

describe('when the guardian alone is killed', () => {
  it('another takes its place, so that killing the helper still ends the command', async () => {
    const { helper, helperId, group, file } = await startWaiting('guardian-killed');
    await soon(() => expect(guardians(helperId)).toHaveLength(1));
    const [first = 0] = guardians(helperId);
    process.kill(first, 'SIGKILL');
    await soon(() => expect(guardians(helperId).filter((id) => id !== first)).toHaveLength(1));
    const [second = 0] = guardians(helperId).filter((id) => id !== first);
    // Among its words, so that it can do its work from its first moment on.
    expect(readFileSync(`/proc/${String(second)}/cmdline`, 'utf8').split('\0')).toContain(String(group));
    helper.kill('SIGKILL');
    await soon(() => expect([members(group), existsSync(file)]).toEqual([[], false]));
  });
});

describe('the helper’s own client secret', () => {
  it('is gone from the environment that /proc shows of the helper before the command runs', async () => {
    const application = world.cloud.entra.define({ name: 'deployer', address: '203.0.113.20' });
    world.cloud.vault.grant(application, ['get']);
    const secret = world.cloud.entra.addSecret(application);
    const { tenantId, url } = world.cloud.entra;
    const authorityFile = join(world.directory, 'authority.pem');
    writeFileSync(authorityFile, world.cloud.entra.certificate);
    const kind = { kind: 'service-principal', secretVariable: 'DEPLOYER_SECRET' };
    const identity = { ...kind, tenantId, clientId: application.clientId, authority: url };
    const job = world.startJob();
    // Its names are there, so the file was read; its value is not. Counted by the command, which has the same user.
    const script = 'tr "\\0" "\\n" < /proc/$PPID/environ | grep -c -e "^GITHUB_RUN_ID=" -e "^DEPLOYER_SECRET=."';
    const words = ['exec', '--secret', 'P=password', '--', 'sh', '-c', script];
    const environment = {
      DEPLOYER_SECRET: secret,
      KEYTURN_FETCH_CONFIGURATION: world.configure({ identity, authorityFile }),
    };
    expect(await world.fetch(job, words, environment)).toBe(0);
    expect(rowsOf(world, job).filter((row) => /^\d$/.test(row))).toEqual(['1']);
  });
});

describe('variables of the job that the command does not get', () => {
  const job = {
    PATH: '/usr/bin',
    AWS_ACCESS_KEY_ID: 'A',
    AWS_REGION: 'eu-west-1',
    AWS_CA_BUNDLE: '/etc/ssl/company.pem',
    VAULT_TOKEN: 'v',
    NPM_TOKEN: 'n',
    BASH_ENV: '/srv/left-by-a-step.sh',
    PYTHONSTARTUP: '/srv/left-by-a-step.py',
    ACTIONS_RUNTIME_TOKEN: 't',
    PYTHONPATH: 'src',
  };

  it('are tokens for other systems, and what would run code at its start', () => {
    expect(Object.keys(childEnvironment(job, new Map()))).toEqual([
      'PATH',
      'AWS_REGION',
      'AWS_CA_BUNDLE',
      'PYTHONPATH',
    ]);
    expect(childEnvironment(job, new Map(), { keep: ['NPM_TOKEN'] })).toHaveProperty('NPM_TOKEN', 'n');
  });

  it('are told by name, but for those that every job has', () => {
    expect(heldBack(job)).toEqual(['AWS_ACCESS_KEY_ID', 'BASH_ENV', 'NPM_TOKEN', 'PYTHONSTARTUP', 'VAULT_TOKEN']);
    expect(heldBack(job, { keep: ['BASH_ENV'] })).not.toContain('BASH_ENV');
    expect(heldBack(job, { pristine: true })).toEqual([]);
  });

  it('are named in the log once, and a secret that is asked for under such a name is still handed over', async () => {
    const run = world.startJob();
    const words = [
      'exec',
      '--secret',
      'NPM_TOKEN=password',
      '--',
      'sh',
      '-c',
      'test -z "$VAULT_TOKEN" && test -n "$NPM_TOKEN"',
    ];
    expect(await world.fetch(run, words, { VAULT_TOKEN: 'v' })).toBe(0);
    const told = rowsOf(world, run).filter((row) => row.includes('held back'));
    expect(told).toEqual(['keyturn-fetch: held back from the command: VAULT_TOKEN; --keep NAME passes one on']);
  });
});
