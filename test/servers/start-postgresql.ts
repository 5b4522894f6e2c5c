import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { findProgram, type LocalServer, startLocalServer } from './local-server.ts';
import { type ServerCertificate, writeCertificate } from './server-certificate.ts';

const versions = (() => {
  try {
    return readdirSync('/usr/lib/postgresql').sort((one, other) => Number(other) - Number(one));
  } catch {
    return [];
  }
})();

/** Where Debian's PostgreSQL is, or `null`. */
export const postgresqlPrograms = findProgram(versions.map((version) => join('/usr/lib/postgresql', version, 'bin')));

/** A PostgreSQL that only accepts passwords, with the statements run as its superuser. */
export async function startPostgresql(
  statements: readonly string[],
  certificate: ServerCertificate | null = null,
): Promise<LocalServer> {
  const programs = postgresqlPrograms ?? '';
  const server = await startLocalServer({
    user: 'postgres',
    prepare: ({ port, directory, run }) => {
      const data = join(directory, 'data');
      run(join(programs, 'initdb'), [
        '-D',
        data,
        '-U',
        'postgres',
        '--auth-local=trust',
        '--auth-host=scram-sha-256',
        '-E',
        'UTF8',
        '--no-sync',
      ]);
      const settings = [
        `port=${String(port)}`,
        'listen_addresses=127.0.0.1',
        `unix_socket_directories=${directory}`,
        'log_statement=all',
        'logging_collector=on',
        'log_directory=log',
        'fsync=off',
        ...(certificate === null
          ? []
          : Object.entries(writeCertificate(directory, certificate)).map(
              ([kind, file]) => `ssl_${kind === 'cert' ? 'cert_file' : 'key_file'}=${file}`,
            )),
        ...(certificate === null ? [] : ['ssl=on']),
      ];
      return [join(programs, 'postgres'), '-D', data, ...settings.flatMap((setting) => ['-c', setting])];
    },
    ready: async ({ port, directory }) =>
      await asSuperuser({ port, directory }, []).then(
        () => true,
        () => false,
      ),
  });
  await asSuperuser(server, statements);
  return server;
}

export async function asSuperuser(server: Pick<LocalServer, 'port' | 'directory'>, statements: readonly string[]) {
  const client = new Client({ host: server.directory, port: server.port, user: 'postgres', database: 'postgres' });
  await client.connect();
  try {
    let rows: unknown[] = [];
    for (const statement of statements) rows = (await client.query<Record<string, unknown>>(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}
