// `npm run test:sqlserver -- --url URL`: runs the contract of the issuer `sqlserver` against a real SQL Server or Azure
// SQL database. URL is an administrator's login: sqlserver://USER:PASSWORD@HOST:1433/DATABASE, with `?account=server`
// for logins of the server, and `?tls=off` for a server on this machine without a certificate. It creates the users
// keyturn_test_a and keyturn_test_b, and removes them again. Without a URL its tests are skipped, and say so.
import { parseArgs } from 'node:util';
import { prepare, run } from './prepare.mjs';

const { values } = parseArgs({ options: { url: { type: 'string' } } });
if (values.url !== undefined) process.env['KEYTURN_TEST_SQLSERVER_URL'] = values.url;
await prepare();
run('node', [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--config',
  'vitest.servers.config.ts',
  'test/servers/sqlserver.servers.ts',
]);
