import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { Readable, Writable } from 'node:stream';

/** One pipe, opened at both ends. */
export interface Pipe {
  readonly read: number;
  readonly write: number;
}

/** A small shell beside this helper, which briefly outlives it. */
export interface Guardian {
  /** Whether core dumps are off, for this helper and all that it starts. */
  readonly coreDumpsOff: boolean;
  /** `null` if the machine has no `mkfifo`, or no folder to make one in. */
  readonly pipes: readonly Pipe[] | null;
  /** Registers the process group to end and the paths to remove if this helper dies. */
  watch(group: number | null, places: readonly string[]): void;
  /** Everything has ended and was removed. */
  dismiss(): void;
}

/**
 * `prlimit`: 1, not 0, because 1 also stops Linux from piping a dump to a collector. The helper holds secrets itself,
 * so this sets its own limit, which the command inherits. The shell then reads its orders until the end of input, when
 * this helper is dead or has cleaned up itself. One that takes another's place has the orders so far among its words, and
 * so from its first moment on.
 */
const script = `
prlimit --pid "$1" --core=1:1 >/dev/null 2>&1 && echo core
group=$2
work=$3
shift 3
if [ "$work" = begin ]; then
  mkfifo -m 600 "$@" 2>/dev/null && echo pipes
  set --
fi
echo ready
while read -r word rest; do
  case $word in
    group) group=$rest ;;
    remove) set -- "$@" "$rest" ;;
    ended) exit 0 ;;
  esac
done
for place; do rm -rf -- "$place"; done
if [ -n "$group" ]; then
  kill -TERM -"$group" && sleep 2 && kill -KILL -"$group"
fi
`;

/**
 * Starts the guardian: real pipes for the command (Node's own are sockets, which \`/dev/stdout\` cannot open), no core
 * dumps, and a way to end the command if this helper is killed, which no signal handler could do. Runs while the
 * secrets are being read. Never rejects: its result states what it could not do.
 */
export async function startGuardian(pipeCount: number): Promise<Guardian> {
  // Never contains data: a pipe only has a name here until both ends are open.
  const directory = makeFolder();
  const paths = Array.from(
    { length: directory === null ? 0 : pipeCount },
    (_, index) => `${directory ?? ''}/${String(index)}`,
  );
  const watched: { group: number | null; places: string[] } = { group: null, places: [] };
  let shell = spawnShell(['', 'begin', ...paths], replace);
  const told = await new Promise<string>((resolve) => {
    let text = '';
    shell.stdout.setEncoding('latin1');
    shell.stdout.on('data', (part: string) => {
      text += part;
      if (text.includes('ready')) resolve(text);
    });
    shell.stdout.on('close', () => resolve(text));
    shell.on('error', () => resolve(''));
  });
  const pipes = told.includes('pipes') ? paths.map(openPipe) : null;
  if (directory !== null) rmSync(directory, { recursive: true, force: true });
  shell.unref();
  let dismissed = false;
  return {
    coreDumpsOff: told.includes('core'),
    pipes,
    watch(group, places) {
      watched.places.push(...places);
      watched.group = group ?? watched.group;
      for (const place of places) shell.stdin.write(`remove ${place}\n`);
      if (group !== null) shell.stdin.write(`group ${String(group)}\n`);
    },
    dismiss() {
      dismissed = true;
      shell.stdin.end('ended\n');
    },
  };

  /** If the guardian is killed, another one takes its orders. */
  function replace(): void {
    const { group, places } = watched;
    if (dismissed || (group === null && places.length === 0)) return;
    shell = spawnShell([String(group ?? ''), 'go-on', ...places], replace);
    // Read to its end: a shell that writes into a closed pipe ends by SIGPIPE, and would be replaced without end.
    shell.stdout.resume();
    shell.unref();
  }
}

/** A folder for a moment; `null` if neither the place for temporary files nor memory takes one. */
function makeFolder(): string | null {
  for (const parent of [tmpdir(), '/dev/shm']) {
    try {
      return mkdtempSync(`${parent}/keyturn-`);
    } catch {
      // It is not there, full, or not writable: the next one may serve.
    }
  }
  return null;
}

function spawnShell(words: readonly string[], killed: () => void): ChildProcessByStdio<Writable, Readable, null> {
  const shell = spawn('/bin/sh', ['-c', script, 'keyturn-guardian', String(process.pid), ...words], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    cwd: '/',
    stdio: ['pipe', 'pipe', 'ignore'],
    // Outside the step's process group, so that ending the group does not end the guardian first.
    detached: true,
  });
  shell.on('error', () => undefined);
  shell.on('exit', (_code, signal) => {
    if (signal !== null) killed();
  });
  shell.stdin.on('error', () => undefined);
  return shell;
}

function openPipe(path: string): Pipe {
  // Without O_NONBLOCK opening would wait for a writer. The flag applies only to this end.
  const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { read, write: openSync(path, constants.O_WRONLY) };
}
