import type { Duplex } from 'node:stream';
import { createSecureContext, createServer, type Server, type TLSSocket } from 'node:tls';
import type { JobAuthority } from './job-authority.ts';
import { type ConnectTarget, nameOf } from './use-head.ts';

interface DoorPorts {
  readonly authority: JobAuthority;
  readonly say: (line: string) => void;
  /** Called with a connection whose TLS was ended. */
  readonly opened: (socket: TLSSocket, target: ConnectTarget) => void;
}

/** Ends the TLS of programs that connect to a host through the proxy. */
interface TlsDoor {
  take(target: ConnectTarget, socket: Duplex): void;
}

/** Offers HTTP/1.1 alone. A program that names another host in its TLS than in CONNECT, or none, gets no certificate. */
export function createTlsDoor({ authority, say, opened }: DoorPorts): TlsDoor {
  const servers = new Map<string, Server>();
  return {
    take(target, socket) {
      const server = servers.get(target.origin) ?? serverOf(target);
      servers.set(target.origin, server);
      server.emit('connection', socket);
    },
  };

  function serverOf(target: ConnectTarget): Server {
    const { host } = target;
    const { certificate, key } = authority.certify(host);
    const context = createSecureContext({ cert: certificate, key: key.export({ format: 'pem', type: 'pkcs8' }) });
    const server = createServer({
      ALPNProtocols: ['http/1.1'],
      minVersion: 'TLSv1.2',
      SNICallback: (name, done) => {
        if (name.toLowerCase() === host) return done(null, context);
        say(`refused: a program connects to ${host} and asks it for the certificate of ${nameOf(name)}`);
        done(new Error('Another host.'));
      },
    });
    server.on('secureConnection', (socket: TLSSocket) => opened(socket, target));
    // A program that does not trust the authority, or that speaks no TLS, says so itself.
    server.on('tlsClientError', (_error, socket) => void socket.destroy());
    return server;
  }
}
