// `npm test`: sets everything up on a fresh clone, builds what the tests load as users would, and runs the tests.
// Words after `--` go to vitest: `npm test -- test/rotation`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment, prepare, root, run } from './prepare.mjs';

prepare();
run('node', ['scripts/build.mjs'], { quiet: true });

const folder = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
const report = join(folder, 'report.json');
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
const { status } = spawnSync(
  'node',
  ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: 'inherit',
    env: environment(),
  },
);
try {
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'));
  console.log(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
} catch {
  console.log('The tests left no report.');
}
rmSync(folder, { recursive: true, force: true });
process.exit(status ?? 1);
