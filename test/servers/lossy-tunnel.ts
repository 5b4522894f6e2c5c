import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface LossyTunnel {
  readonly port: number;
  /** How many connections have been opened. */
  readonly calls: () => number;
  /** Forwards the next packet with this text to the server, and hangs up when the server answers it. */
  readonly loseAnswerTo: (text: string) => void;
  readonly stop: () => Promise<void>;
}

/** A proxy for a TCP server on loopback that counts its connections and drops an answer when told. */
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
