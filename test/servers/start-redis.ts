import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
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

/** A Sentinel that watches the master at a port, and signs in to it and its replicas as this user. */
export async function startSentinel(
  master: number,
  { user, password, users }: { user: string; password: string; users: readonly string[] },
): Promise<LocalServer> {
  return await startLocalServer({
    user: 'redis',
    prepare: ({ port, directory }) => {
      const file = join(directory, 'sentinel.conf');
      const lines = [
        `port ${String(port)}`,
        'bind 127.0.0.1',
        `dir ${directory}`,
        `sentinel monitor shop 127.0.0.1 ${String(master)} 1`,
        `sentinel auth-user shop ${user}`,
        `sentinel auth-pass shop ${password}`,
        'sentinel failover-timeout shop 20000',
        ...users,
      ];
      // The Sentinel keeps what it learns in this file.
      writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o666 });
      chmodSync(file, 0o666);
      return [redisServer ?? '', file, '--sentinel'];
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
