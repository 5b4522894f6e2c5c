// `npm test`: sets everything up on a fresh clone, builds what the tests load as users would, and runs the tests.
// Words after `--` go to vitest: `npm test -- test/rotation`. `npm run test:fast` leaves out what
// vitest.config.ts calls long or lengthy.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment, prepare, root, run } from './prepare.mjs';
import { summarizeTests } from './summarize-tests.mjs';

await prepare();
run('node', ['scripts/build.mjs'], { quiet: true });

const words = process.argv.slice(2);
const isFast = words[0] === '--fast';
const folder = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
const report = join(folder, 'report.json');
const { status } = spawnSync(
  'node',
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...(isFast ? ['--project', '!long'] : []),
    ...words.slice(isFast ? 1 : 0),
  ],
  { cwd: root, stdio: 'inherit', env: { ...environment(), ...(isFast && { LEAVE_OUT_LENGTHY_TESTS: '1' }) } },
);
if (isFast)
  console.log('Left out: test/search, test/simulation, test/start, and the lengthy files that vitest.config.ts names.');
if (existsSync(report)) console.log(summarizeTests(JSON.parse(readFileSync(report, 'utf8'))).join('\n'));
else console.log('The tests left no report.');
rmSync(folder, { recursive: true, force: true });
process.exit(status ?? 1);
