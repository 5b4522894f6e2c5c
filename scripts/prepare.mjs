// Installs the project's packages when they are missing or not those of the lock file. Plain JavaScript for Node 20:
// this runs before the project's own Node is there.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { showProgress } from './show-progress.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url));
const lock = `${root}package-lock.json`;
const installed = `${root}node_modules/.package-lock.json`;
const marker = `${root}node_modules/.keyturn-lock`;

/** Installs what the lock file names, and shows how far it is; ends this process when that fails. */
export async function prepare() {
  const text = readFileSync(lock, 'utf8');
  const wanted = createHash('sha256').update(text).digest('hex');
  if (isInstalled(wanted)) return;
  const shown = showProgress(process.stderr);
  const all = Object.keys(JSON.parse(text).packages).length - 1;
  let fetched = 0;
  /** @type {NodeJS.Timeout | undefined} */
  let quiet;
  shown.step('Packages are read from the lock file');
  const failure = await runShown('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=http'], (line) => {
    if (!/^npm http (?:fetch|cache) /.test(line)) return;
    fetched += 1;
    clearTimeout(quiet);
    if (fetched >= all) return shown.step('Packages are unpacked and set up');
    shown.step(`Packages are fetched, ${fetched} of at most ${all}`);
    // npm says nothing while it unpacks: no line for a while is the only sign that it has come so far.
    quiet = setTimeout(() => shown.step('Packages are unpacked and set up'), 1500);
  });
  clearTimeout(quiet);
  shown.end(failure === null ? 'The packages are installed.' : 'The packages could not be installed.');
  if (failure !== null) {
    process.stderr.write(failure);
    process.exit(1);
  }
  writeFileSync(marker, wanted);
}

/** @param {string} wanted */
function isInstalled(wanted) {
  if (!existsSync(installed)) return false;
  if (existsSync(marker)) return readFileSync(marker, 'utf8') === wanted;
  return statSync(installed).mtimeMs >= statSync(lock).mtimeMs;
}

/**
 * Runs a command and reports each line of its standard error. Resolves with `null`, or with what it printed if it fails.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {(line: string) => void} sawLine
 * @returns {Promise<string | null>}
 */
async function runShown(command, args, sawLine) {
  const child = spawn(command, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment(),
    shell: process.platform === 'win32',
  });
  /** @type {string[]} */
  const kept = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      sawLine(line);
      // One line for each package: of no use to the person who reads why it failed.
      if (!/^npm (?:http|warn) /.test(line)) kept.push(line);
    });
  }
  return await new Promise((resolve) => {
    child.on('error', (error) => resolve(`${command} could not be started: ${error.message}\n`));
    child.on('close', (code) =>
      resolve(code === 0 ? null : `${kept.join('\n')}\n${command} ${args.join(' ')} failed.\n`),
    );
  });
}

/**
 * Runs a command to its end in the project's folder, with the project's own Node first on the path; ends this process when it fails.
 * @param {string} command
 * @param {readonly string[]} args
 */
export function run(command, args, { quiet = false } = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['inherit', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
    env: environment(),
    shell: process.platform === 'win32',
  });
  if (result.status === 0) return;
  if (quiet) process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  console.error(`${command} ${args.join(' ')} failed${result.error ? `: ${result.error.message}` : ''}.`);
  process.exit(result.status ?? 1);
}

export function environment() {
  const separator = process.platform === 'win32' ? ';' : ':';
  return { ...process.env, PATH: `${root}node_modules/.bin${separator}${process.env['PATH'] ?? ''}` };
}
