import { parentPort, workerData } from 'node:worker_threads';
import { ServiceError } from '../../service-error.ts';
import type { JoinSetup } from './join-plan.ts';
import { createJoinThread, type JoinThread } from './join-thread.ts';
import type { ThreadAnswer, ThreadCall } from './thread-pool.ts';

/** A thread of a join. `thread-pool.ts` of the same release starts it and calls its methods. */
const { setup, number } = workerData as { readonly setup: JoinSetup; readonly number: number };
const thread = createJoinThread(setup, number);

parentPort?.on('message', ({ id, method, argument }: ThreadCall) => {
  const answer = answerTo(id, method, argument);
  parentPort?.postMessage(answer, transferable(answer));
});

function answerTo(id: number, method: keyof JoinThread, argument: unknown): ThreadAnswer {
  try {
    const call = thread[method] as (given: unknown) => unknown;
    return { id, result: call(argument) };
  } catch (fault) {
    return ServiceError.is(fault, 'RECORD_UNREADABLE') ? { id, refused: fault.details } : { id, fault };
  }
}

/** The lines of a block are handed over, not copied. */
function transferable(answer: ThreadAnswer): readonly ArrayBuffer[] {
  if (!('result' in answer) || typeof answer.result !== 'object' || answer.result === null) return [];
  const { text } = answer.result as { readonly text?: unknown };
  return text instanceof Uint8Array && text.buffer instanceof ArrayBuffer && text.byteLength === text.buffer.byteLength
    ? [text.buffer]
    : [];
}
