import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What a receiver of notifications got. */
export interface Received {
  readonly id: string;
  /** `type` and all facts, as sent. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly accepted: boolean;
}

export interface MessageReceiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** `refusing`: 503, and nothing is taken. `forgetful`: takes the message, and its answer is lost. */
  set(state: 'open' | 'refusing' | 'forgetful'): void;
  stop(): Promise<void>;
}

/** A team's channel, to which people listen. */
export async function startMessageReceiver(): Promise<MessageReceiver> {
  const received: Received[] = [];
  let state: 'open' | 'refusing' | 'forgetful' = 'open';
  const server = createServer((request, response) => {
    void text(request).then(
      (body) => {
        const { data } = JSON.parse(body) as { data: Record<string, unknown> };
        received.push({ id: String(request.headers['webhook-id']), data, accepted: state !== 'refusing' });
        if (state === 'forgetful') request.socket.destroy();
        else response.writeHead(state === 'open' ? 204 : 503).end();
      },
      // The sender was killed in the middle of its message.
      () => response.destroy(),
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/keyturn`,
    received,
    set(next) {
      state = next;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
