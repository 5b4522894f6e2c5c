import { ServiceError } from '../service-error.ts';

/** One message for a receiver that takes it by HTTP. */
interface Post {
  /** From the settings alone: nothing that came from outside chooses where messages go. */
  readonly url: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/**
 * Posts JSON once. No redirect is followed, and the answer's body is not read. Errors name the receiver's host alone, because
 * the rest of an address can be a secret.
 * @throws ServiceError `NOTIFICATION_REFUSED` for any answer but 2xx, `NOTIFICATION_UNREACHABLE` without one.
 */
export async function postMessage({ url, body, headers = {}, timeoutMs }: Post): Promise<void> {
  const receiver = new URL(url).host;
  const status = await answerOf(receiver, async () => {
    const answer = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    await answer.body?.cancel();
    return answer.status;
  });
  if (status < 200 || status > 299) throw new ServiceError('NOTIFICATION_REFUSED', { receiver, status });
}

async function answerOf(receiver: string, ask: () => Promise<number>): Promise<number> {
  try {
    return await ask();
  } catch (error) {
    const reason = error instanceof Error && error.name === 'TimeoutError' ? 'no answer in time' : 'no connection';
    // The cause is left out: its text can hold the whole address.
    throw new ServiceError('NOTIFICATION_UNREACHABLE', { receiver, reason });
  }
}
