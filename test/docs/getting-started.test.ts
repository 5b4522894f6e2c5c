import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Step {
  readonly heading: string;
  readonly commands: string;
  /** Lines of the page that the output must hold. */
  readonly expected: readonly string[];
}

const page = readFileSync('docs/getting-started.md', 'utf8');
let folder: string;
let ports: { readonly page: string; readonly portal: string };
const running = new Map<'cloud' | 'serve', ChildProcess>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keyturn-getting-started-'));
  ports = { page: await freePort(), portal: await freePort() };
  const program = join(folder, 'programs');
  mkdirSync(program);
  // The installed command, but for the ports: those of the page may be taken on this machine.
  const more = `if [ "$1" = cloud ]; then set -- "$@" --port ${ports.page} --portal ${ports.portal}; fi`;
  writeFileSync(
    join(program, 'keyturn'),
    `#!/bin/sh\n${more}\nexec '${process.execPath}' '${resolve('dist/cli.js')}' "$@"\n`,
  );
  chmodSync(join(program, 'keyturn'), 0o755);
});

afterAll(async () => {
  for (const child of [...running.values()].reverse()) await end(child);
  rmSync(folder, { recursive: true, force: true });
});

describe('docs/getting-started.md', () => {
  it('leads from nothing to a sealed report, command by command', async () => {
    const steps = stepsOf(page);
    expect(steps.length).toBeGreaterThanOrEqual(10);
    for (const { heading, commands, expected } of steps) {
      const last = commands.trim().split('\n').at(-1) ?? '';
      if (/^keyturn (cloud|serve)\b/.test(last)) await stay(last.includes('cloud') ? 'cloud' : 'serve', commands);
      else await expectOutput(heading, commands, expected);
    }
  }, 400_000);

  it('gives the jobs of its cloud the helper of the package, which starts faster', () => {
    const given = realpathSync(join(folder, '.keyturn/cloud/bin/keyturn-fetch'));
    expect(given).toBe(realpathSync('dist/fetch/keyturn-fetch.cjs'));
  });
});

/** The fenced commands of the page in their order, each with the output that follows it. */
function stepsOf(text: string): readonly Step[] {
  const blocks = [...text.matchAll(/^## (.+)$|^```(sh|text)\n([\s\S]*?)^```$/gm)];
  const steps: Step[] = [];
  let heading = '';
  for (const [, title, language, body = ''] of blocks) {
    if (title !== undefined) heading = title;
    else if (language === 'sh') steps.push({ heading, commands: body, expected: [] });
    else steps.push({ ...(steps.pop() as Step), expected: body.trim().split('\n') });
  }
  return steps;
}

/** Runs commands to their end. One that only looks is asked again until what it looks at has happened. */
async function expectOutput(heading: string, commands: string, expected: readonly string[]): Promise<void> {
  const looks = commands.startsWith('curl --silent http');
  for (const until = Date.now() + 120_000; ; await new Promise((next) => setTimeout(next, 200))) {
    const { code, output } = await run(commands);
    const lines = output.split('\n');
    // A number alone would be found in any other number.
    const missing = expected.filter((line) => (/^\d+$/.test(line) ? !lines.includes(line) : !output.includes(line)));
    if (code === 0 && missing.length === 0) return;
    if (looks && Date.now() < until) continue;
    expect.fail(`${heading}: exit code ${String(code)}; not in the output: ${missing.join(' | ')}\n${output}`);
  }
}

async function run(commands: string): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = shell(commands, 'pipe');
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (bytes: Buffer) => void (output += bytes.toString()));
  const code = await new Promise<number | null>((done) => child.once('close', done));
  return { code, output };
}

/** Starts what stays in a terminal, in place of the one before it, and waits until it is up. */
async function stay(kind: 'cloud' | 'serve', commands: string): Promise<void> {
  const before = running.get(kind);
  if (before !== undefined) await end(before);
  const log = join(folder, `${kind}.log`);
  const child = shell(commands.replace(/^keyturn /m, 'exec keyturn '), openSync(log, 'w'));
  running.set(kind, child);
  const isUp = kind === 'cloud' ? 'The cloud is up' : '"work":"collect log rows"';
  for (const until = Date.now() + 120_000; ; await new Promise((next) => setTimeout(next, 100))) {
    const text = readFileSync(log, 'utf8');
    if (text.includes(isUp)) return;
    if (child.exitCode !== null || Date.now() > until) expect.fail(`keyturn ${kind} did not come up.\n${text}`);
  }
}

/** A shell of its own for each block; what it exports is there in the next one, as in a terminal that stays open. */
function shell(commands: string, output: 'pipe' | number): ChildProcess {
  const kept = join(folder, 'environment');
  const text = commands
    .replaceAll('http://localhost:7070', `http://localhost:${ports.page}`)
    .replaceAll('http://localhost:7071', `http://localhost:${ports.portal}`);
  const script = `set -eu\nif [ -f '${kept}' ]; then . '${kept}'; fi\n${text}\nexport -p > '${kept}'\n`;
  return spawn('bash', ['--norc', '-c', script], {
    cwd: folder,
    stdio: ['ignore', output, output],
    env: { PATH: [join(folder, 'programs'), process.env['PATH'] ?? ''].join(delimiter), HOME: folder },
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

async function freePort(): Promise<string> {
  return await new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(String(typeof address === 'object' ? address?.port : 0)));
    });
  });
}
