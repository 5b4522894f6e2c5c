// Installs the project's packages when they are missing or not those of the lock file. Plain JavaScript for Node 20:
// this runs before the project's own Node is there.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const lock = `${root}package-lock.json`;
const installed = `${root}node_modules/.package-lock.json`;
const marker = `${root}node_modules/.keyturn-lock`;

export function prepare() {
  const wanted = createHash('sha256').update(readFileSync(lock)).digest('hex');
  if (isInstalled(wanted)) return;
  console.error('Installing packages (about a minute, once) …');
  run('npm', ['ci', '--no-audit', '--no-fund'], { quiet: true });
  writeFileSync(marker, wanted);
}

/** @param {string} wanted */
function isInstalled(wanted) {
  if (!existsSync(installed)) return false;
  if (existsSync(marker)) return readFileSync(marker, 'utf8') === wanted;
  return statSync(installed).mtimeMs >= statSync(lock).mtimeMs;
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
