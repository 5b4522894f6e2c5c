import { createServer, type IncomingMessage, request as forward, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LossyProxy {
  readonly url: string;
  /** How many requests have arrived. */
  readonly calls: () => number;
  /** Executes the next request that changes something, and then hangs up instead of answering. */
  readonly loseNextAnswer: () => void;
  readonly stop: () => Promise<void>;
}

/** A proxy for an HTTP server on loopback that counts its requests and drops an answer when told. */
export async function lossyProxy(
  upstream: string,
  changes: (url: string, method: string) => boolean = (_, method) => method !== 'GET',
): Promise<LossyProxy> {
  let calls = 0;
  let toLose = 0;
  const server = createServer((incoming, outgoing) => {
    calls += 1;
    const lose = toLose > 0 && changes(incoming.url ?? '', incoming.method ?? '');
    if (lose) toLose -= 1;
    pass(incoming, outgoing, lose);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    calls: () => calls,
    loseNextAnswer: () => {
      toLose += 1;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  function pass(incoming: IncomingMessage, outgoing: ServerResponse, lose: boolean): void {
    const { method = 'GET', url = '/', headers } = incoming;
    const onward = forward(new URL(url, upstream), { method, headers }, (answer) => {
      if (lose) {
        answer.resume().on('end', () => outgoing.destroy());
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  }
}
