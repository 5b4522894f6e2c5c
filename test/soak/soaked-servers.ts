import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../embedded/clock.ts';
import { type FromServer, monotonicMs, type ToServer } from './messages.ts';

/** Memory of one process after a full collection, in bytes. */
export interface Measured {
  readonly process: number;
  readonly heap: number;
  readonly resident: number;
}

/** What a server wrote down as an error that is none of Keyturn's own, or how it ended without being killed. */
type Oddity = string;

/** One server that is started again whenever it was killed. */
export interface SoakedServer {
  readonly url: string;
  /** Ends it as a power failure does, and starts it again. */
  kill(): Promise<void>;
  /** Its clock goes wrong by so many milliseconds until it is set again; 0 sets it right. */
  offset(milliseconds: number): void;
  measure(): Promise<Measured>;
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly name: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly port: number;
  readonly clock: Clock;
  readonly speed: number;
  readonly odd: (oddity: Oddity) => void;
  /** Every line of its log. */
  readonly line: (line: string) => void;
}

const program = fileURLToPath(new URL('soaked-server.ts', import.meta.url));

export async function startSoakedServer(options: ServerOptions): Promise<SoakedServer> {
  const { clock, port, name, odd } = options;
  let offsetMs = 0;
  let isWanted = true;
  let child = await startChild();

  async function startChild(): Promise<ChildProcess> {
    for (;;) {
      const started = launch(options, clock.now().getTime() + offsetMs);
      const isListening = await listening(started);
      if (isListening || !isWanted) return started;
      // A full disk lets no server start: an operator's supervisor tries again, as this does.
      await new Promise((done) => setTimeout(done, 300));
    }
  }

  function tell(message: ToServer): void {
    if (child.connected) child.send(message);
  }

  return {
    url: `http://127.0.0.1:${String(port)}`,
    async kill() {
      await killed(child);
      child = await startChild();
    },
    offset(milliseconds) {
      offsetMs = milliseconds;
      tell({ kind: 'clock', at: clock.now().getTime() + offsetMs, monotonicMs: monotonicMs() });
    },
    async measure() {
      const measured = child;
      return await new Promise((resolve, reject) => {
        const end = () => reject(new Error(`${name} ended while it was measured.`));
        const take = (message: FromServer) => {
          if (message.kind !== 'measured') return;
          measured.off('message', take);
          measured.off('exit', end);
          resolve({ process: measured.pid ?? 0, heap: message.heap, resident: message.resident });
        };
        measured.on('message', take);
        measured.once('exit', end);
        tell({ kind: 'measure' });
      });
    },
    async stop() {
      isWanted = false;
      await killed(child);
    },
  };

  async function killed(one: ChildProcess): Promise<void> {
    if (one.exitCode !== null || one.signalCode !== null) {
      odd(`${name} had ended by itself (${String(one.exitCode ?? one.signalCode)}).`);
      return;
    }
    const ended = new Promise((done) => one.once('exit', done));
    one.kill('SIGKILL');
    await ended;
  }
}

function launch({ name, settings, port, speed, odd, line }: ServerOptions, at: number): ChildProcess {
  const { PATH = '' } = process.env;
  const child = fork(program, [String(at), String(monotonicMs()), String(speed)], {
    env: { PATH, ...settings, KEYTURN_PORT: String(port) },
    // A small machine's heap: the runtime takes all that it may before it collects, and a leak would end the process.
    execArgv: ['--expose-gc', '--max-old-space-size=128'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (text) => {
      line(`${name} ${text}`);
      if (text.includes('"code":"UNEXPECTED"')) odd(`${name}: ${text}`);
      if (/^\w*Error\b.*|^Uncaught|unhandled/i.test(text) && !text.startsWith('ServiceError')) odd(`${name}: ${text}`);
    });
  }
  return child;
}

/** Whether it came so far; `false` if it ended before. */
async function listening(child: ChildProcess): Promise<boolean> {
  return await new Promise((resolve) => {
    child.on('message', (message: FromServer) => {
      if (message.kind === 'listening') resolve(true);
    });
    child.once('exit', () => resolve(false));
  });
}
