import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { findProgram, type LocalServer, startLocalServer } from './local-server.ts';
import { type ServerCertificate, writeCertificate } from './server-certificate.ts';

export const mariadbServer = findProgram(['/usr/sbin/mariadbd', '/usr/sbin/mysqld']);
const installer = findProgram(['/usr/bin/mariadb-install-db', '/usr/bin/mysql_install_db']);

/** A MariaDB on loopback, without TLS unless it has a certificate, with the statements run as root over its socket. */
export async function startMariadb(
  statements: readonly string[],
  certificate: ServerCertificate | null = null,
): Promise<LocalServer> {
  const server = await startLocalServer({
    user: 'mysql',
    prepare: ({ port, directory, run }) => {
      const data = join(directory, 'data');
      run(installer ?? '', [
        '--no-defaults',
        `--datadir=${data}`,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
      ]);
      return [
        mariadbServer ?? '',
        '--no-defaults',
        `--datadir=${data}`,
        `--socket=${join(directory, 's')}`,
        `--port=${String(port)}`,
        '--bind-address=127.0.0.1',
        `--pid-file=${join(directory, 'pid')}`,
        '--skip-name-resolve',
        '--general-log=1',
        '--plugin-load-add=auth_ed25519',
        ...(certificate === null
          ? []
          : Object.entries(writeCertificate(directory, certificate)).map(([kind, file]) => `--ssl-${kind}=${file}`)),
        `--general-log-file=${join(directory, 'general.log')}`,
      ];
    },
    ready: async (place) =>
      await asRoot(place, []).then(
        () => true,
        () => false,
      ),
  });
  await asRoot(server, statements);
  return server;
}

export async function asRoot(
  { directory }: Pick<LocalServer, 'directory'>,
  statements: readonly string[],
): Promise<unknown> {
  const connection = await createConnection({ socketPath: join(directory, 's'), user: 'root' });
  try {
    let rows: unknown = null;
    for (const statement of statements) [rows] = await connection.query(statement);
    return rows;
  } finally {
    await connection.end();
  }
}
