import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface LossyTunnel {
  readonly port: number;
  /** How many connections have been opened. */
  readonly calls: () => number;
  /** Passes the next packet that holds this text on to the server, and hangs up when the server answers it. */
  readonly loseAnswerTo: (text: string) => void;
  readonly stop: () => Promise<void>;
}

/** Stands before a TCP server on loopback, counts its connections, and loses an answer when told to. */
export async function lossyTunnel(upstream: number): Promise<LossyTunnel> {
  let calls = 0;
  let toLose: string | null = null;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    calls += 1;
    let losing = false;
    const onward = connect(upstream, '127.0.0.1');
    for (const [socket, other] of [
      [client, onward],
      [onward, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.on('data', (chunk) => {
      if (toLose !== null && chunk.includes(toLose)) {
        toLose = null;
        losing = true;
      }
      onward.write(chunk);
    });
    onward.on('data', (chunk) => {
      if (losing) client.destroy();
      else client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    calls: () => calls,
    loseAnswerTo: (text) => {
      toLose = text;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
