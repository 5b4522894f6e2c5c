import { ServiceError } from '../../src/service-error.ts';

/** What a call that leaves a process may meet. */
export type Fate =
  | 'served'
  /** The answer is lost; the act happened. */
  | 'answer-lost'
  /** Nothing happened, and the caller is told so. */
  | 'unreachable'
  | 'throttled'
  /** The caller is told that the answer was lost; the act happens later, when nobody waits for it. */
  | 'late'
  | 'dies-before'
  | 'dies-behind'
  /** The process sleeps for ten minutes in front of the call. */
  | 'stalls';

interface WaitingCall {
  readonly process: Process;
  readonly what: string;
  /** Writes can be lost in ways that reads cannot. */
  readonly isWrite: boolean;
  readonly isRecord: boolean;
  readonly effect: () => Promise<unknown>;
  /** Whether the request may no longer be sent: an adapter looks at the clock right before it sends. */
  readonly isTooLate: () => boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  notBeforeMs: number;
}

/** One worker: its calls are held until the scheduler lets them through, and forgotten when it dies. */
export interface Process {
  readonly name: string;
  alive: boolean;
  ended: boolean;
  /** Calls of its that are held now. */
  waiting: number;
}

/** Decides, call by call, which process goes on and what it meets. */
export interface Scheduler {
  /** A process's way to the world outside. */
  call<Value>(process: Process, what: string, effect: () => Promise<Value>, isTooLate?: () => boolean): Promise<Value>;
  /** Holds a process until then, on the clock that is never set. */
  sleep(process: Process, untilMs: number): Promise<void>;
  spawn(name: string, work: (process: Process) => Promise<unknown>): Process;
  /** Calls that may go on at this moment. */
  ready(nowMs: number): readonly WaitingCall[];
  serve(call: WaitingCall, fate: Fate, nowMs: number): Promise<void>;
  /** Lets the oldest request arrive whose caller has given it up; gives false when there is none that still can. */
  arrive(nowMs: number): Promise<boolean>;
  readonly processes: readonly Process[];
  /** Processes that ended with an error, until they are taken from here. */
  readonly failed: { readonly name: string; readonly failure: unknown }[];
  kill(process: Process): void;
  /** Lets every process run on until it waits for a call, or has ended. */
  settle(): Promise<void>;
}

/** A network holds no request longer than this. */
const requestLifeMs = 840_000;

interface LateRequest {
  readonly effect: () => Promise<unknown>;
  readonly notAfterMs: number;
}

/** Turns of the microtask queue for branches of a process beside the one that waits. Always as many: the order stays the same. */
const quietTurns = 8;

/** What a process that sleeps waits for: it can die meanwhile, and nothing else can happen to it. */
export const asleep = 'sleep';

const writes = /^(?:vault\.(?:add|update)|provider\.(?:issue|revoke)|place\.publish|records\.(?:create|replace))/;

export function createScheduler(): Scheduler {
  let waiting: WaitingCall[] = [];
  let processes: Process[] = [];
  let late: LateRequest[] = [];
  const scheduler: Scheduler = {
    arrive: async (nowMs) => {
      late = late.filter(({ notAfterMs }) => nowMs <= notAfterMs);
      const request = late.shift();
      await request?.effect().catch(() => undefined);
      return request !== undefined;
    },
    failed: [],
    get processes() {
      if (processes.some(({ alive, ended }) => !alive || ended)) {
        processes = processes.filter(({ alive, ended }) => alive && !ended);
      }
      return processes;
    },
    call: (process, what, effect, isTooLate = () => false) => held(process, what, effect, 0, isTooLate),
    sleep: (process, untilMs) =>
      held(
        process,
        asleep,
        () => Promise.resolve(),
        untilMs,
        () => false,
      ),
    spawn: (name, work) => {
      const process: Process = { name, alive: true, ended: false, waiting: 0 };
      processes = [...scheduler.processes, process];
      work(process)
        .catch((error: unknown) => {
          scheduler.failed.push({ name, failure: error });
        })
        .finally(() => {
          process.ended = true;
        });
      return process;
    },
    ready: (nowMs) => waiting.filter(({ notBeforeMs }) => notBeforeMs <= nowMs),
    serve: async (call, fate, nowMs) => {
      if (fate === 'stalls') {
        call.notBeforeMs = nowMs + 600_000;
        return;
      }
      waiting.splice(waiting.indexOf(call), 1);
      call.process.waiting -= 1;
      // Whoever slept too long wakes up to a request that does not leave.
      if (call.isTooLate()) return call.reject(new ServiceError('LEASE_ENDED', { target: 'simulated' }));
      if (fate === 'late') late.push({ effect: call.effect, notAfterMs: nowMs + requestLifeMs });
      await meet(scheduler, call, fate);
    },
    kill: (process) => {
      process.alive = false;
      waiting = waiting.filter((one) => one.process !== process);
    },
    settle: async () => {
      for (let quiet = 0, turns = 0; quiet < quietTurns; turns += 1) {
        // What does not come from the world, as asynchronous file access, would come only from the event loop.
        await (turns % 1_000 < 999 ? null : new Promise((resolve) => setImmediate(resolve)));
        quiet = scheduler.processes.some((one) => one.waiting === 0) ? 0 : quiet + 1;
      }
    },
  };
  return scheduler;

  function held<Value>(
    process: Process,
    what: string,
    effect: () => Promise<Value>,
    notBeforeMs: number,
    isTooLate: () => boolean,
  ): Promise<Value> {
    return new Promise((resolve, reject) => {
      // A dead process waits for ever: nothing of it is heard again.
      if (!process.alive) return;
      process.waiting += 1;
      waiting.push({
        process,
        what,
        isWrite: writes.test(what),
        isRecord: what.startsWith('records.'),
        effect,
        isTooLate,
        resolve: resolve as (value: unknown) => void,
        reject,
        notBeforeMs,
      });
    });
  }
}

async function meet(scheduler: Scheduler, call: WaitingCall, fate: Exclude<Fate, 'stalls'>): Promise<void> {
  switch (fate) {
    case 'served':
      return await answer(call);
    case 'answer-lost':
      await call.effect().catch(() => undefined);
      return call.reject(unclear(call));
    case 'late':
      return call.reject(unclear(call));
    case 'unreachable':
      return call.reject(unreachable(call));
    case 'throttled':
      return call.reject(throttled(call));
    case 'dies-before':
      return scheduler.kill(call.process);
    case 'dies-behind':
      await call.effect().catch(() => undefined);
      return scheduler.kill(call.process);
    default:
      return fate satisfies never;
  }
}

async function answer(call: WaitingCall): Promise<void> {
  try {
    call.resolve(await call.effect());
  } catch (error) {
    call.reject(error);
  }
}

function unclear({ what, isRecord }: WaitingCall): ServiceError {
  if (isRecord) return new ServiceError('RECORD_STORE_UNREACHABLE', { store: 'simulated', reason: 'lost' });
  if (what.startsWith('vault.'))
    return new ServiceError('VAULT_ANSWER_UNCLEAR', { vault: 'kv', secret: null, status: null });
  return new ServiceError('PROVIDER_ANSWER_UNCLEAR', { issuer: 'simulated', provider: 'simulated', reason: 'lost' });
}

function unreachable({ what, isRecord }: WaitingCall): ServiceError {
  if (isRecord) return new ServiceError('RECORD_STORE_UNREACHABLE', { store: 'simulated', reason: 'away' });
  if (what.startsWith('vault.')) return new ServiceError('VAULT_UNREACHABLE', { vault: 'kv', reason: 'away' });
  return new ServiceError('PROVIDER_UNREACHABLE', { issuer: 'simulated', provider: 'simulated', reason: 'away' });
}

function throttled({ what }: WaitingCall): ServiceError {
  if (what.startsWith('vault.')) return new ServiceError('VAULT_THROTTLED', { vault: 'kv', retryAfterSeconds: 4 });
  return new ServiceError('PROVIDER_THROTTLED', {
    issuer: 'simulated',
    provider: 'simulated',
    retryAfterSeconds: null,
  });
}
