import { createServer, connect, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A server's address for others, which can be closed while the server behind it goes on. */
export interface Gate {
  readonly url: string;
  /** `closed`: connections are cut and refused. `deaf`: what is sent arrives, and no answer comes back. */
  set(state: 'open' | 'closed' | 'deaf'): void;
  stop(): Promise<void>;
}

/** Opens a gate before a plain HTTP server of this machine. */
export async function openGate(target: string): Promise<Gate> {
  const { port } = new URL(target);
  let state: 'open' | 'closed' | 'deaf' = 'open';
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A cut connection is what a gate is for.
    socket.on('error', () => socket.destroy());
  };
  const server = createServer((near) => {
    keep(near);
    if (state === 'closed') return void near.destroy();
    const far = connect(Number(port), '127.0.0.1');
    keep(far);
    near.pipe(far);
    far.on('data', (bytes) => {
      if (state === 'open') near.write(bytes);
      else near.destroy();
    });
    far.on('close', () => near.end());
    near.on('close', () => far.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://localhost:${String((server.address() as AddressInfo).port)}`,
    set(next) {
      state = next;
      if (next === 'closed') for (const socket of sockets) socket.destroy();
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}
