import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../embedded/azure/identity/managed-identity.ts';
import { receiptMarker } from '../../src/provenance/receipt-line.ts';
import { startSession } from '../../src/runner/session.ts';
import { type FetchWorld, startFetchWorld } from './fetch-world.ts';
import { environmentRequest, fakeRuntime } from './in-process.ts';

let world: FetchWorld;
let person: Principal;
beforeAll(async () => {
  world = await startFetchWorld();
  for (const name of ['shop-api-key', 'shop-db-password', 'rot-pending--shop-api-key', 'keyturn-canary', '1password']) {
    world.cloud.vault.seed({ name, value: `swordfish of ${name}` });
  }
  person = world.cloud.identity.define({
    name: 'ada',
    kind: 'person',
    userPrincipalName: 'ada@example.net',
    address: '198.51.100.9',
  });
  world.cloud.vault.grant(person, ['get', 'list']);
});
afterAll(() => world.stop());

/** A machine of one person: a home, and an `az` that prints a token for the embedded vault, as the real one does. */
function laptop({ signedIn = true, configured = true }: { signedIn?: boolean; configured?: boolean } = {}) {
  const home = mkdtempSync(join(world.directory, 'home-'));
  const [folder, bin] = [join(home, '.config', 'keyturn'), join(home, 'bin')];
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  mkdirSync(bin);
  const az = (script: string) => writeFileSync(join(bin, 'az'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const signInAs = (principal: Principal) => {
    const token = world.cloud.identity.tokenFor(principal, 'https://vault.azure.net');
    az(`echo "$@" > ${home}/asked; echo '${JSON.stringify({ accessToken: token, tokenType: 'Bearer' })}'`);
  };
  if (signedIn) signInAs(person);
  else az('echo "Please run az login" >&2; exit 1');
  const file = join(folder, 'fetch.json');
  const configuration = {
    format: 1,
    vaults: [{ name: world.cloud.vault.name, url: world.cloud.vault.url }],
    identity: { kind: 'azure-cli' },
  };
  if (configured) writeFileSync(file, JSON.stringify(configuration), { mode: 0o600 });
  const environment = { PATH: `${bin}:/usr/bin:/bin`, XDG_CONFIG_HOME: join(home, '.config') };
  const run = async (words: readonly string[], more: Readonly<Record<string, string>> = {}) => {
    const helper = join(world.directory, 'keyturn-fetch.cjs');
    const child = spawn(process.execPath, [helper, ...words], {
      cwd: home,
      env: { ...environment, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [output, log] = ['', ''];
    child.stdout.on('data', (part: Buffer) => (output += part.toString()));
    child.stderr.on('data', (part: Buffer) => (log += part.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output, log };
  };
  return { home, file, bin, run, signInAs };
}

const read = ['exec', '--secret', 'KEY=shop-api-key', '--', 'sh', '-c', 'echo "is $KEY"'];

describe('a person on their own machine', () => {
  it('reads as themselves: redacted, without a stamp, without a receipt', async () => {
    const { home, run } = laptop();
    const { code, output, log } = await run(read);
    expect([code, output]).toEqual([0, 'is ***\n']);
    expect(log).not.toContain(receiptMarker);
    expect(log).not.toContain('not stamped');
    expect(readFileSync(join(home, 'asked'), 'utf8')).toBe(
      'account get-access-token --resource https://vault.azure.net --output json\n',
    );
    const row = world.cloud.auditLog.rows().findLast(({ OperationName }) => OperationName === 'SecretGet');
    expect(String(row?.['ClientInfo'])).toMatch(/^keyturn\/[0-9.]+/);
    expect(String(row?.['ClientInfo'])).not.toContain('gj/1');
    expect(JSON.stringify(row)).toContain('ada@example.net');
  });

  it('is refused by variables that could redirect the helper, until their own configuration allows them', async () => {
    const { file, run } = laptop();
    const proxy = { NODE_EXTRA_CA_CERTS: '/nowhere', SSL_CERT_DIR: '/nowhere' };
    const refused = await run(read, proxy);
    expect([refused.code, refused.log]).toEqual([66, expect.stringContaining('name them in allowVariables')]);
    const plain = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...plain, allowVariables: Object.keys(proxy) }), { mode: 0o600 });
    expect((await run(read, proxy)).code).toBe(0);
  });

  it('gets a first manifest of what they may list, which works at once', async () => {
    const { home, run } = laptop();
    const made = await run(['init']);
    expect([made.code, made.log]).toEqual([0, expect.stringContaining('wrote keyturn.yml with 3 secrets')]);
    const manifest = readFileSync(join(home, 'keyturn.yml'), 'utf8');
    expect(manifest).toContain("- name: 'shop-db-password'\n    environment: SHOP_DB_PASSWORD");
    expect(manifest).toContain('environment: SECRET_1PASSWORD');
    expect(manifest).not.toMatch(/rot-pending|keyturn-canary/);
    const words = [
      'exec',
      '--manifest',
      'keyturn.yml',
      '--',
      'sh',
      '-c',
      'test "$SHOP_API_KEY" = "swordfish of shop-api-key"',
    ];
    expect((await run(words)).code).toBe(0);
    expect((await run(['init'])).code).toBe(84);
  });

  it('gets those that they may only list as comments, without reading any value', async () => {
    const { home, run, signInAs } = laptop();
    const guest = world.cloud.identity.define({ name: 'guest', kind: 'person', address: '198.51.100.10' });
    world.cloud.vault.grant(guest, ['list']);
    signInAs(guest);
    const none = await run(['init', '--prefix', 'shop-']);
    expect([none.code, none.log]).toEqual([
      88,
      expect.stringContaining('there are 2 secrets, and none that may be read'),
    ]);
    expect(existsSync(join(home, 'keyturn.yml'))).toBe(false);
    world.cloud.vault.grant(guest, ['get'], 'shop-api-key');
    const before = world.cloud.auditLog.rows().length;
    const made = await run(['init', '--prefix', 'shop-']);
    expect([made.code, made.log]).toEqual([0, expect.stringContaining('wrote keyturn.yml with 1 secret;')]);
    expect(made.log).toContain('there is 1 secret beside them that you may not read');
    const manifest = readFileSync(join(home, 'keyturn.yml'), 'utf8');
    expect(manifest).toContain("\n  - name: 'shop-api-key'\n    environment: SHOP_API_KEY\n");
    expect(manifest).toContain('# The identity that wrote this file may list these, and not read them.');
    expect(manifest).toContain("\n#   - name: 'shop-db-password'\n#     environment: SHOP_DB_PASSWORD\n");
    const reads = world.cloud.auditLog
      .rows()
      .slice(before)
      .filter(({ OperationName }) => OperationName === 'SecretGet');
    expect(reads.map(({ HttpStatusCode }) => HttpStatusCode)).not.toContain(200);
    expect((await run(['exec', '--manifest', 'keyturn.yml', '--', 'true'])).code).toBe(0);
  });

  it('is told within seconds that a read is refused, and how to wait longer', async () => {
    const { home, signInAs } = laptop();
    const guest = world.cloud.identity.define({ name: 'nobody', kind: 'person', address: '198.51.100.11' });
    signInAs(guest);
    const environment = { PATH: `${home}/bin:/usr/bin:/bin`, XDG_CONFIG_HOME: join(home, '.config') };
    const readWith = async (patience: number | null) => {
      const machine = fakeRuntime(environment);
      const read = startSession(machine, patience).fetch([environmentRequest('shop-api-key')]);
      await expect(read).rejects.toMatchObject({ code: 'VAULT_ACCESS_DENIED' });
      return { said: machine.said.join('\n'), waited: machine.waits.reduce((sum, wait) => sum + wait, 0) };
    };
    const told = await readWith(null);
    expect(told.waited).toBeLessThanOrEqual(5_000);
    expect(told.said).toContain('trying again for up to 5 s; --wait 10m waits longer');
    expect((await readWith(600_000)).waited).toBeGreaterThan(500_000);
  });

  it('is told what to do: no configuration, not signed in, no az', async () => {
    const none = await laptop({ configured: false }).run(read);
    expect([none.code, none.log]).toEqual([65, expect.stringContaining('~/.config/keyturn/fetch.json')]);
    const out = await laptop({ signedIn: false }).run(read);
    expect([out.code, out.log]).toEqual([83, expect.stringContaining('Sign in with `az login`')]);
    const { run } = laptop();
    const absent = await run(read, { PATH: 'bin:/usr/bin:/bin' });
    expect([absent.code, absent.log]).toEqual([83, expect.stringContaining('NOT_ON_THE_PATH')]);
  });

  it('gets from doctor nothing about runners, and what may be wrong with their own sign-in', async () => {
    const { code, output } = await laptop().run(['doctor', '--secret', 'shop-api-key']);
    expect(output).not.toMatch(/runner:|job:|masks:|metadata service/);
    // This person may read the whole vault.
    expect([code, output]).toEqual([1, expect.stringContaining('this identity can read pending values')]);
    expect(output).toMatch(/pass {2}identity: object id/);
  });

  it('is not believed if somebody else could write the file', async () => {
    const { file, run } = laptop();
    chmodSync(file, 0o666);
    expect((await run(read)).code).toBe(65);
    const other = laptop();
    chmodSync(join(other.home, '.config', 'keyturn'), 0o777);
    expect((await other.run(read)).code).toBe(65);
  });
});

describe('a name from outside', () => {
  it('stays on its line of the terminal, with nothing that a terminal would obey', async () => {
    const { home, run } = laptop();
    const name = 'a\n\u001b[2Jkeyturn-fetch: everything is fine';
    const { code, log } = await run(['check', name]);
    expect([code, log.split('\n').length, log.includes('\u001b')]).toEqual([2, 2, false]);
    // In a message of doctor too, which prints where it looked for a configuration.
    const looked = await run(['doctor'], { KEYTURN_FETCH_CONFIGURATION: '/nowhere/\u009b2J\u202e' });
    expect(looked.output.match(/There is no fetch configuration\./g)).toHaveLength(1);
    expect([looked.code, looked.output]).toEqual([1, expect.stringContaining('/nowhere/\\u009b2J\\u202e')]);
    const entry = '{ name: a, file: "/run/\\e[2Jx" }';
    writeFileSync(join(home, 'keyturn.yml'), `format: 1\nsecrets:\n  - ${entry}\n`);
    const checked = await run(['check']);
    expect([checked.code, checked.output]).toEqual([0, 'a → file /run/\\u001b[2Jx\n']);
  });
});

describe('a person’s configuration in a job', () => {
  it('is not believed, whatever the job does to its environment', async () => {
    const { home, run } = laptop();
    const job = world.startJob();
    expect((await run(read, { GITHUB_ACTIONS: 'true' })).code).toBe(65);
    // The step takes every variable away; what its shell was started with stays.
    const words = read.map((word) => `'${word}'`).join(' ');
    const helper = join(world.directory, 'keyturn-fetch.cjs');
    const config = `XDG_CONFIG_HOME=${home}/.config PATH=${home}/bin:/usr/bin:/bin`;
    const code = await job.execute([
      '/bin/sh',
      '-c',
      `env -i ${config} ${process.execPath} ${helper} ${words}; exit $?`,
    ]);
    expect(code).toBe(65);
    expect(existsSync(join(home, 'asked'))).toBe(false);
  });

  it('names no service, no further domain and no other kind of identity', async () => {
    const { file, run } = laptop();
    const plain = JSON.parse(readFileSync(file, 'utf8')) as object;
    for (const more of [
      { service: 'https://collect.example' },
      { vaultDomains: ['vaults.example'] },
      { identity: { kind: 'managed-identity' } },
      { vaults: [{ name: 'kv', url: 'https://kv.vaults.example' }] },
    ]) {
      writeFileSync(file, JSON.stringify({ ...plain, ...more }), { mode: 0o600 });
      expect([65, 67]).toContain((await run(read)).code);
    }
  });
});
