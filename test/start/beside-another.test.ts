import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let folder: string;
let data: string;
let first: ChildProcess;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keyturn-beside-'));
  data = join(folder, 'data');
  first = spawn(process.execPath, ['dist/cli.js', 'start', '--port', '0', '--data', data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (first.stdout === null) throw new Error('The first start has no output.');
  for await (const line of createInterface({ input: first.stdout })) if (line.includes('are replayed')) break;
  // It must write nothing by itself while its files are compared.
  first.kill('SIGSTOP');
});

afterAll(async () => {
  const ended = new Promise((resolve) => first.once('exit', resolve));
  first.kill('SIGKILL');
  first.kill('SIGCONT');
  await ended;
  rmSync(folder, { recursive: true, force: true });
});

/** Every file of a folder with the digest of its contents. */
function digests(directory: string): readonly string[] {
  return globSync('**/*', { cwd: directory })
    .filter((path) => statSync(join(directory, path)).isFile())
    .map(
      (path) =>
        `${path} ${createHash('sha256')
          .update(readFileSync(join(directory, path)))
          .digest('hex')}`,
    )
    .sort();
}

function keyturn(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const env = { ...process.env, ...environment };
  const { status, stderr } = spawnSync(process.execPath, ['dist/cli.js', ...words], { encoding: 'utf8', env });
  return { status, stderr };
}

describe('a command beside a running start', () => {
  it.each(['start', 'cloud'])('%s leaves its folder alone, and names the process and the folder', (command) => {
    const before = digests(data);
    expect(before.length).toBeGreaterThan(3);
    const { status, stderr } = keyturn([command, '--port', '0', '--data', data]);
    expect(status).toBe(2);
    expect(stderr).toContain('FOLDER_IN_USE');
    expect(stderr).toContain(`process: ${String(first.pid)}`);
    expect(stderr).toContain(`folder: ${data}`);
    expect(digests(data)).toEqual(before);
  });
});

describe('a port that another program uses', () => {
  it('is refused before anything is touched, with the option that chooses another one', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = String(typeof address === 'object' ? address?.port : 0);
    const fresh = join(folder, 'fresh');
    for (const [words, environment] of [
      [['start', '--port', port], {}],
      [['start'], { KEYTURN_PORT: port }],
      [['cloud', '--port', port], {}],
    ] as const) {
      const { status, stderr } = keyturn([...words, '--data', fresh], environment);
      expect([words, status]).toEqual([words, 2]);
      expect(stderr).toContain(`port: ${port}`);
      expect(stderr).toContain('--port');
    }
    expect(existsSync(fresh)).toBe(false);
    await new Promise((resolve) => other.close(resolve));
  });
});
