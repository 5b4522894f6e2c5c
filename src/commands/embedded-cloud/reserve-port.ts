import { createServer } from 'node:net';
import { ServiceError } from '../../service-error.ts';

/** A port of this machine that is held for a server which starts later. */
export interface ReservedPort {
  readonly port: number;
  /** Lets go of it, right before the server takes it. */
  release(): Promise<void>;
}

/** Reads a port as an option names it. @throws ServiceError `USAGE_WRONG` */
export function readPort(text: string, command: string, option: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port < 65_536) return port;
  throw new ServiceError('USAGE_WRONG', { command, reason: `${option} takes a number from 0 to 65535` });
}

/** Holds a port on loopback; 0 takes a free one. @throws ServiceError `PORT_TAKEN` naming the option that chooses another. */
export async function reservePort(port: number, option: string): Promise<ReservedPort> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(new ServiceError('PORT_TAKEN', { port, option, reason: cause.code ?? 'unknown' }, { cause })),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    release: async () => await new Promise((done) => server.close(() => done())),
  };
}
