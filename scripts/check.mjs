// `npm run check`: what the tests do not show. Each step says what to do when it fails.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

process.chdir(root);
await prepare();
const folders = ['src', 'functions', 'embedded', 'examples', 'test', 'bench'];

step('Lock file', () => run('node', ['scripts/complete-lock.mjs', '--check']));
step('Format', () => run('biome', ['format', '.']));
step('Lint', () => run('oxlint', ['--type-aware', '--deny-warnings', ...folders]));
step('Types', () => run('tsc', ['--noEmit']));
step('Types of scripts', () => run('tsc', ['--noEmit', '--project', 'scripts']));
step('Types of the page that checks packs', () => run('tsc', ['--noEmit', '--project', 'src/verify-page']));
step('Imports, exports, dependencies and faults', () =>
  run('node', ['node_modules/vitest/vitest.mjs', 'run', 'test/architecture']),
);
step('Build', () => run('node', ['scripts/build.mjs']));
step('Fetch helper: the same bytes twice', compareBundles);
step('Fetch helper: size and contents', checkBundle);
console.log('All checks passed.');

/**
 * @param {string} name
 * @param {() => void} act
 */
function step(name, act) {
  console.log(`\n${name}`);
  act();
}

/** The bundle in action/dist is committed, because Gitea runs it from the repository: it must be what the source gives. */
function compareBundles() {
  const again = mkdtempSync(join(tmpdir(), 'keyturn-bundle-'));
  run('node', ['scripts/build.mjs', again], { quiet: true });
  for (const name of readdirSync(again)) {
    if (!readFileSync(join(again, name)).equals(readFileSync(join('action/dist', name)))) {
      fail(`action/dist/${name} differs from a second build.`);
    }
  }
  rmSync(again, { recursive: true });
  run('git', ['diff', '--exit-code', '--stat', '--', 'action/dist']);
}

function checkBundle() {
  for (const name of existsSync('action/dist') ? readdirSync('action/dist') : []) {
    const path = `action/dist/${name}`;
    const kilobytes = statSync(path).size / 1024;
    if (kilobytes > 600) fail(`${path} has ${kilobytes.toFixed(0)} KB, more than 600.`);
    const text = readFileSync(path, 'utf8').toLowerCase();
    for (const word of ['handlebars', 'monitor-query', 'typst', 'core-rest-pipeline', 'sourcemappingurl']) {
      if (text.includes(word)) fail(`${path} contains ${word}: the fetch helper must not carry it.`);
    }
    console.log(`${path}: ${kilobytes.toFixed(0)} KB`);
  }
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  console.error(message);
  process.exit(1);
}
