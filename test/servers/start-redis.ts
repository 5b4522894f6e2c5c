import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findProgram, type LocalServer, startLocalServer } from './local-server.ts';
import { type ServerCertificate, writeCertificate } from './server-certificate.ts';

export const redisServer = findProgram(['/usr/bin/redis-server', '/usr/local/bin/redis-server']);

/** A Redis with an ACL file: its users, one per line as `user NAME …`. The default user is off. */
export async function startRedis(users: readonly string[], more: RedisSettings = {}): Promise<LocalServer> {
  return await startLocalServer({
    user: 'redis',
    prepare: ({ port, directory }) => {
      const file = join(directory, 'users.acl');
      writeFileSync(file, ['user default off', ...users, ''].join('\n'), { mode: 0o666 });
      return [
        redisServer ?? '',
        ...(more.certificate === undefined
          ? ['--port', String(port)]
          : tlsSettings(port, writeCertificate(directory, more.certificate))),
        ...(more.settings ?? []),
        '--bind',
        '127.0.0.1',
        '--dir',
        directory,
        '--save',
        '',
        '--aclfile',
        file,
      ];
    },
    ready: async ({ port }) => await answers(port),
  });
}

interface RedisSettings {
  readonly certificate?: ServerCertificate;
  /** Further words of its command line, such as `--replicaof`. */
  readonly settings?: readonly string[];
}

function tlsSettings(port: number, { cert, key }: ServerCertificate): readonly string[] {
  const files = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert];
  return ['--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no', ...files];
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
