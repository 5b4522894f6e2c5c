// `npm run test:servers`: rotates against real PostgreSQL, MariaDB, Redis and RabbitMQ servers that it starts itself, where they
// are installed (scripts/install-test-servers.sh installs them on Debian).
import { prepare, run } from './prepare.mjs';

await prepare();
run('node', [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--config',
  'vitest.servers.config.ts',
  ...process.argv.slice(2),
]);
