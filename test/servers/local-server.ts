import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A real server in a temporary folder, stopped with the test. */
export interface LocalServer {
  readonly port: number;
  readonly directory: string;
  readonly stop: () => Promise<void>;
}

interface Program {
  /** The user to run as when the tests run as root: PostgreSQL and MariaDB refuse root. */
  readonly user: string;
  /** Prepares the folder, then returns how to start the server in the foreground. */
  prepare(place: {
    port: number;
    directory: string;
    run: (command: string, parts: readonly string[]) => void;
  }): readonly [string, ...string[]];
  /** Whether it answers. */
  ready(place: { port: number; directory: string }): Promise<boolean>;
}

/** The first existing path, or `null`. */
export function findProgram(paths: readonly string[]): string | null {
  return paths.find((path) => existsSync(path)) ?? null;
}

export async function startLocalServer(program: Program): Promise<LocalServer> {
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'keyturn-server-'));
  const asUser =
    process.getuid?.() === 0
      ? ['setpriv', `--reuid=${program.user}`, `--regid=${program.user}`, '--clear-groups', '--']
      : [];
  if (asUser.length > 0) {
    const [user, group] = ['-u', '-g'].map((flag) =>
      Number(execFileSync('id', [flag, program.user], { encoding: 'utf8' })),
    );
    chownSync(directory, user ?? 0, group ?? 0);
  }
  chmodSync(directory, 0o700);
  const run = (command: string, parts: readonly string[]) => {
    const [first = command, ...rest] = [...asUser, command, ...parts];
    execFileSync(first, rest, { stdio: ['ignore', 'ignore', 'pipe'], cwd: directory });
  };
  const [first = '', ...rest] = [...asUser, ...program.prepare({ port, directory, run })];
  const server = spawn(first, rest, { stdio: ['ignore', 'ignore', 'pipe'], cwd: directory });
  let problems = '';
  server.stderr.on('data', (chunk: Buffer) => (problems = (problems + chunk.toString()).slice(-4_000)));
  const stop = async () => {
    await end(server);
    rmSync(directory, { recursive: true, force: true });
  };
  const deadline = Date.now() + 60_000;
  while (!(await program.ready({ port, directory }))) {
    if (server.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`The server did not start: ${problems}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { port, directory, stop };
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGTERM');
  const impatience = setTimeout(() => server.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(impatience);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
