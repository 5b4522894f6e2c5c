import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { ServiceError } from '../../service-error.ts';
import type { JoinSetup } from './join-plan.ts';
import { createJoinThread, type JoinThread } from './join-thread.ts';

export interface ThreadCall {
  readonly id: number;
  readonly method: keyof JoinThread;
  readonly argument: unknown;
}

export type ThreadAnswer =
  | { readonly id: number; readonly result: unknown }
  /** A `RECORD_UNREADABLE`, whose class a message does not keep. */
  | { readonly id: number; readonly refused: { readonly path: string; readonly reason: string } }
  | { readonly id: number; readonly fault: unknown };

type Argument<Method extends keyof JoinThread> = Parameters<JoinThread[Method]>[0];
type Result<Method extends keyof JoinThread> = ReturnType<JoinThread[Method]>;

/** Calls a method of one thread. */
type Call = <Method extends keyof JoinThread>(method: Method, argument: Argument<Method>) => Promise<Result<Method>>;

/** The threads of a join. */
export interface ThreadPool {
  /** Calls every thread. */
  all<Method extends keyof JoinThread>(method: Method, argument: Argument<Method>): Promise<Result<Method>[]>;
  /**
   * Gives each free thread the next few calls, because neighbours often need the same windows. Yields the results in the
   * order of the arguments.
   */
  spread<Method extends keyof JoinThread>(
    method: Method,
    items: readonly Argument<Method>[],
  ): AsyncGenerator<Result<Method>>;
  close(): Promise<void>;
}

/** Each thread has one call in hand and one that waits, so that it need not wait for this one. */
const callsEach = 2;

/** Starts the threads; none: this thread does the work. */
export function startThreads(setup: JoinSetup): ThreadPool {
  const count = setup.division.threads;
  const threads = Array.from({ length: Math.max(1, count) }, (_, number) =>
    count === 0 ? callDirectly(createJoinThread(setup, number)) : startWorker(setup, number),
  );
  return {
    all: async (method, argument) => await Promise.all(threads.map(async ({ call }) => await call(method, argument))),
    spread: (method, items) =>
      inOrder(
        threads.map(({ call }) => call),
        method,
        items,
      ),
    async close() {
      await Promise.all(threads.map(async (thread) => await thread.end()));
    },
  };
}

/** Neighbouring calls that one thread makes; fewer towards the end, so that the threads end together. */
const mostTogether = 8;

/** The positions that a thread was given and has not begun yet. */
interface Share {
  next: number;
  end: number;
}

/** Deals positions to threads. `mayBegin`: whether a thread may have the positions from this one on. */
function dealPositions(count: number, threads: number) {
  let dealt = 0;
  return (share: Share, mayBegin: (position: number) => boolean): number | null => {
    if (share.next === share.end) {
      if (dealt === count || !mayBegin(dealt)) return null;
      share.next = dealt;
      dealt += Math.max(1, Math.min(mostTogether, Math.floor((count - dealt) / (2 * threads))));
      share.end = dealt;
    }
    share.next += 1;
    return share.next - 1;
  };
}

/** At most so many results wait as the threads have calls together. */
async function* inOrder<Method extends keyof JoinThread>(
  threads: readonly Call[],
  method: Method,
  items: readonly Argument<Method>[],
): AsyncGenerator<Result<Method>> {
  type Answer = { readonly result: Result<Method> } | { readonly fault: unknown };
  const answers = new Map<number, Answer>();
  const deal = dealPositions(items.length, threads.length);
  const free = new Set(
    threads.flatMap((call) => {
      const share: Share = { next: 0, end: 0 };
      return Array.from({ length: callsEach }, () => ({ call, share }));
    }),
  );
  let wake: () => void = () => undefined;
  for (let oldest = 0; oldest < items.length; oldest += 1) {
    const mayBegin = (position: number) => position < oldest + mostTogether * threads.length;
    for (;;) {
      for (const one of free) {
        const position = deal(one.share, mayBegin);
        if (position === null) continue;
        free.delete(one);
        const settle = (answer: Answer) => {
          answers.set(position, answer);
          free.add(one);
          wake();
        };
        one.call(method, items[position] as Argument<Method>).then(
          (result) => settle({ result }),
          (fault: unknown) => settle({ fault }),
        );
      }
      if (answers.has(oldest)) break;
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      await promise;
    }
    const answer = answers.get(oldest);
    answers.delete(oldest);
    if (answer === undefined) throw new Error('its call was answered');
    if ('fault' in answer) throw answer.fault;
    yield answer.result;
  }
}

interface Thread {
  readonly call: Call;
  end(): Promise<void>;
}

function callDirectly(thread: JoinThread): Thread {
  const call: Call = async (method, argument) => {
    const act = thread[method] as (given: typeof argument) => Result<typeof method>;
    return await Promise.resolve(act(argument));
  };
  return {
    call,
    end: async () => {
      await call('close', null);
    },
  };
}

/** Each thread works with few objects at once: a larger young generation takes more memory, and hardly less time. */
const resourceLimits = { maxYoungGenerationSizeMb: 12 };

function startWorker(setup: JoinSetup, number: number): Thread {
  const worker = new Worker(workerFile(), { workerData: { setup, number }, resourceLimits });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let last = 0;
  let ended: Error | null = null;
  const fail = (fault: Error) => {
    ended = fault;
    for (const one of waiting.values()) one.reject(fault);
    waiting.clear();
  };
  worker.on('message', (answer: ThreadAnswer) => {
    const one = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('result' in answer) one?.resolve(answer.result);
    else one?.reject('refused' in answer ? new ServiceError('RECORD_UNREADABLE', answer.refused) : answer.fault);
  });
  worker.on('error', fail);
  worker.on('exit', (code) => fail(ended ?? new Error(`a thread of the join ended with ${String(code)}`)));
  const call: Call = async (method, argument) => {
    if (ended !== null) throw ended;
    last += 1;
    const answer = Promise.withResolvers<unknown>();
    waiting.set(last, answer);
    const message: ThreadCall = { id: last, method, argument };
    worker.postMessage(message);
    const result = await answer.promise;
    // join-thread.ts of the same release answered.
    return result as Result<typeof method>;
  };
  return {
    call,
    end: async () => {
      await worker.terminate();
    },
  };
}

/** The worker beside this module, or in a bundle the one among its chunks. */
function workerFile(): URL {
  if (import.meta.url.endsWith('.ts')) return new URL('attribution-worker.ts', import.meta.url);
  const beside = new URL('attribution-worker.js', import.meta.url);
  return existsSync(fileURLToPath(beside)) ? beside : new URL('chunks/attribution-worker.js', import.meta.url);
}
