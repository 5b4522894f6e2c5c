import { once } from 'node:events';
import { chownSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findProgram, type LocalServer, startLocalServer } from './local-server.ts';

export const pgbouncerProgram = findProgram(['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer']);

/**
 * A PgBouncer with transaction pooling before a database of PostgreSQL. It looks for the verifier of each user with the
 * function `bouncer_lookup`, as the user `bouncer`, so that it needs no list of passwords.
 */
export async function startPgbouncer(postgresql: {
  readonly port: number;
  readonly database: string;
}): Promise<LocalServer> {
  const { port: upstream, database } = postgresql;
  return await startLocalServer({
    user: 'postgres',
    prepare: ({ port, directory }) => {
      const { uid, gid } = statSync(directory);
      const write = (name: string, lines: readonly string[]) => {
        const path = join(directory, name);
        writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o600 });
        chownSync(path, uid, gid);
        return path;
      };
      const users = write('users.txt', ['"bouncer" "bouncer-password"']);
      const settings = write('pgbouncer.ini', [
        '[databases]',
        `${database} = host=127.0.0.1 port=${String(upstream)} dbname=${database} auth_user=bouncer`,
        '[pgbouncer]',
        'listen_addr = 127.0.0.1',
        `listen_port = ${String(port)}`,
        'unix_socket_dir =',
        'auth_type = scram-sha-256',
        `auth_file = ${users}`,
        'auth_query = select name, verifier from bouncer_lookup($1)',
        'pool_mode = transaction',
      ]);
      return [pgbouncerProgram ?? '', settings];
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
