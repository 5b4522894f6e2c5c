// `npm run test:gitea -- --url URL --admin USER:PASSWORD` and `npm run test:vault -- --url URL`: contract suites against a
// server that somebody runs. docs/testing.md says what each needs and what it changes there.
import { parseArgs } from 'node:util';
import { prepare, run } from './prepare.mjs';

const [kind = '', ...rest] = process.argv.slice(2);
const { values, positionals } = parseArgs({
  args: rest,
  options: { url: { type: 'string' }, admin: { type: 'string' } },
  allowPositionals: true,
});
const url = values.url ?? process.env[`RUNNING_${kind.toUpperCase()}_URL`];
const admin = values.admin ?? process.env['RUNNING_GITEA_ADMIN'];
const wanted = kind === 'gitea' ? '--url URL --admin USER:PASSWORD' : '--url URL';

if (url === undefined || (kind === 'gitea' && admin === undefined)) {
  // In a pipeline without such a server this is no failure, and it says so.
  console.log(`Skipped: no ${kind} was named. Run npm run test:${kind} -- ${wanted} (docs/testing.md).`);
} else {
  await prepare();
  process.env[`RUNNING_${kind.toUpperCase()}_URL`] = url;
  if (admin !== undefined) process.env['RUNNING_GITEA_ADMIN'] = admin;
  run('node', ['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.running.config.ts', ...positionals]);
}
