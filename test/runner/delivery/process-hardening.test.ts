import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, rmSync, statSync, writeFileSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { structuredParts } from '../../../src/runner/redaction/needles/structured-parts.ts';
import { watchJobFiles } from '../../../src/runner/delivery/job-files.ts';
import { memoryFiles } from '../../../src/runner/delivery/memory-file.ts';
import { secretSearch } from '../../../src/runner/redaction/search/secret-search.ts';
import { pathInSharedMemory } from '../shared-memory.ts';
import { type FetchWorld, rowsOf, startFetchWorld } from '../fetch-world.ts';

let world: FetchWorld;
beforeAll(async () => {
  world = await startFetchWorld();
  world.cloud.vault.seed({ name: 'password', value: 'swordfish-swordfish' });
});
afterAll(() => world.stop());

describe('the helper’s own process', () => {
  it('opens no debugger for a signal while it holds a token, and ends when asked', async () => {
    // A vault that accepts the request with its token and never answers.
    let tokens = 0;
    const server = createServer(({ headers }) => void (tokens += headers.authorization === undefined ? 0 : 1));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const job = world.startJob();
    const helper = join(world.directory, 'keyturn-fetch.cjs');
    const child = spawn(process.execPath, [helper, 'exec', '--secret', 'P=password', '--', 'true'], {
      env: { ...job.environment, KEYTURN_FETCH_CONFIGURATION: world.configure({ vaults: [{ name: 'hung', url }] }) },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let log = '';
    child.stderr.on('data', (part: Buffer) => (log += part.toString()));
    await until(() => tokens === 1);
    child.kill('SIGUSR1');
    await until(() => caught(child.pid ?? 0));
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[1]).toBe('SIGTERM');
    expect(log).not.toContain('Debugger');
    server.closeAllConnections();
    server.close();
  });

  it.each(['NODE_COMPILE_CACHE', 'SSL_CERT_FILE', 'HOSTALIASES', 'NODE_V8_COVERAGE'])(
    'asks for no token where %s could make it run or trust what an earlier step left',
    async (variable) => {
      const job = world.startJob();
      const words = ['exec', '--secret', 'P=password', '--', 'true'];
      expect(await world.fetch(job, words, { [variable]: join(world.directory, 'left') })).toBe(66);
      expect(rowsOf(world, job).join('\n')).toContain(variable);
    },
  );

  it('ends cleanly if nobody reads its log any more, and prints no stack', async () => {
    const script = `
      import { sealProcess } from ${JSON.stringify(join(process.cwd(), 'src/runner/configuration/seal-process.ts'))};
      sealProcess();
      process.stdin.once('data', () => { throw Object.assign(new Error('it carries swordfish'), { value: 'swordfish' }); });`;
    for (const read of [true, false]) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['pipe', 'ignore', 'pipe'],
      });
      let log = '';
      if (read) child.stderr.on('data', (part: Buffer) => (log += part.toString()));
      else child.stderr.destroy();
      child.stdin.write('now\n');
      expect((await once(child, 'close'))[0]).toBe(1);
      expect(log).toBe(read ? 'keyturn-fetch: stopped by a fault of its own\n' : '');
    }
  });

  it('writes a complete text into a full non-blocking pipe', async () => {
    const script = `
      import { writeAllSync } from ${JSON.stringify(join(process.cwd(), 'src/runner/write-all-sync.ts'))};
      process.stderr.write('x');
      writeAllSync(2, 'y'.repeat(3_000_000));
      process.exit(0);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let length = 0;
    child.stderr.on('data', (part: Buffer) => (length += part.length));
    await once(child, 'close');
    expect(length).toBe(3_000_001);
  });
});

describe('a file of secrets', () => {
  it('is announced after its creation and before it contains a value', () => {
    const directory = dirname(pathInSharedMemory('any'));
    const announced: string[] = [];
    const announce = (place: string) => {
      announced.push(place);
      if (statSync(place).isFile()) expect(readFileSync(place, 'utf8')).toBe('');
    };
    const files = memoryFiles({
      allowDisk: false,
      nonce: randomBytes(4).toString('hex'),
      announce,
      fallback: tmpdir(),
    });
    const own = join(directory, 'own');
    files.write(own, 'name', Buffer.from('value'));
    const hidden = files.write(null, 'name', Buffer.from('value'));
    expect(readFileSync(own, 'utf8')).toBe('value');
    expect([announced[0], hidden.startsWith(`${announced[1] ?? ''}/`)]).toEqual([own, true]);
    const theirs = join(directory, 'theirs');
    writeFileSync(theirs, 'kept');
    expect(() => files.write(theirs, 'name', Buffer.from('value'))).toThrow(/TARGET_UNUSABLE/);
    files.remove();
    expect(announced).toHaveLength(2);
    expect(readFileSync(theirs, 'utf8')).toBe('kept');
    rmSync(directory, { recursive: true });
  });
});

describe('what a command left in a job’s file', () => {
  it('is found in the middle of megabytes, across read chunks', () => {
    const path = join(world.directory, 'huge-output');
    writeFileSync(path, 'before=1\n');
    const files = watchJobFiles({ GITHUB_OUTPUT: path });
    const search = secretSearch([Buffer.from('swordfish-swordfish')]);
    writeFileSync(path, `before=1\n${'x'.repeat(1_048_576 - 15)}swordfish-swordfish${'x'.repeat(3_000_000)}`);
    expect(files.takeBack(search)).toEqual(['GITHUB_OUTPUT']);
    expect(readFileSync(path, 'utf8')).toBe('before=1\n');
    writeFileSync(path, `before=1\n${'x'.repeat(3_000_000)}`);
    expect(files.takeBack(search)).toEqual([]);
  });

  it('counts as unclean if the file became a link, and as clean if the file is gone', () => {
    const path = join(world.directory, 'linked-output');
    writeFileSync(path, '');
    const files = watchJobFiles({ GITHUB_OUTPUT: path });
    const search = secretSearch([Buffer.from('swordfish-swordfish')]);
    rmSync(path);
    expect(files.takeBack(search)).toEqual([]);
    symlinkSync(join(world.directory, 'elsewhere'), path);
    expect(files.takeBack(search)).toEqual(['GITHUB_OUTPUT']);
  });

  it('counts as unclean if a pipe took its place, which would be waited for without end', () => {
    const path = join(world.directory, 'piped-output');
    writeFileSync(path, '');
    const files = watchJobFiles({ GITHUB_OUTPUT: path, GITHUB_STEP_SUMMARY: '/dev/null' });
    rmSync(path);
    execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', path]);
    expect(files.takeBack(secretSearch([Buffer.from('swordfish-swordfish')]))).toEqual(['GITHUB_OUTPUT']);
  });
});

describe('a value that is JSON', () => {
  it('is searched for strings at any depth', async () => {
    const depth = 12_000;
    expect(await structuredParts(`${'['.repeat(depth)}"a-text-inside"${']'.repeat(depth)}`)).toEqual(['a-text-inside']);
    expect((await structuredParts('{"a":["a-text-inside",{"b":"another-one"}],"c":5,"d":null}'))?.toSorted()).toEqual([
      'a-text-inside',
      'another-one',
    ]);
    expect(await structuredParts('[broken')).toBeNull();
  });
});

/** Whether a process catches SIGUSR1 and none is pending. */
function caught(pid: number): boolean {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'latin1');
  const bits = (name: string) => BigInt(`0x${new RegExp(`^${name}:\\s+([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`);
  const signal = 1n << 9n;
  return (bits('SigCgt') & signal) !== 0n && (bits('ShdPnd') & signal) === 0n;
}

/** Polls every few milliseconds, because the event happens in another process. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}
