// `npm start` and `npm run cloud`: set everything up on a fresh clone, then run that command in the embedded cloud.
import { spawn } from 'node:child_process';
import { environment, prepare, root, run } from './prepare.mjs';

await prepare();
run('node', ['scripts/build.mjs'], { quiet: true });

const child = spawn('node', ['dist/cli.js', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env: environment(),
});
const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
for (const signal of signals) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
