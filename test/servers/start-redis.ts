import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findProgram, type LocalServer, startLocalServer } from './local-server.ts';

export const redisServer = findProgram(['/usr/bin/redis-server', '/usr/local/bin/redis-server']);

/** A Redis with an ACL file: its users, one per line as `user NAME …`. The default user is off. */
export async function startRedis(users: readonly string[]): Promise<LocalServer> {
  return await startLocalServer({
    user: 'redis',
    prepare: ({ port, directory }) => {
      const file = join(directory, 'users.acl');
      writeFileSync(file, ['user default off', ...users, ''].join('\n'), { mode: 0o666 });
      return [
        redisServer ?? '',
        '--port',
        String(port),
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
