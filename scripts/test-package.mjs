// `npm run test:package`: packs the project, installs the package alone into an empty folder on each Node that it promises,
// and uses it there as an operator would, through the installed links. It needs the package registry.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { environment, prepare, root } from './prepare.mjs';

const versions = [22, 24];
const folder = mkdtempSync(join(tmpdir(), 'keyturn-package-'));
const pack = join(folder, 'story', 'pack');

await prepare();
const [tarball = ''] = call('npm', ['pack', '--pack-destination', folder], { cwd: root, env: environment() })
  .trim()
  .split('\n')
  .slice(-1);
for (const version of versions) tryOn(version, join(folder, tarball));
rmSync(folder, { recursive: true });
console.log(`${tarball} installs and runs on Node ${versions.join(' and ')}.`);

/**
 * @param {number} version
 * @param {string} file
 */
function tryOn(version, file) {
  const home = join(folder, `node-${version}`);
  install(join(home, 'runtime'), `node@${version}`);
  const path = `${join(home, 'runtime', 'node_modules', '.bin')}${delimiter}${process.env['PATH'] ?? ''}`;
  const env = { ...process.env, PATH: path };
  expect(call('node', ['--version'], { env }).startsWith(`v${version}.`), `Node ${version} is the one that runs`);
  const place = join(home, 'operator');
  install(place, file, env);
  expect(!existsSync(join(place, 'node_modules', 'vitest')), 'no development package is installed');

  /** @param {readonly string[]} words */
  const keyturn = (...words) => call(join(place, 'node_modules', '.bin', 'keyturn'), words, { cwd: place, env });
  /** @param {readonly string[]} words */
  const helper = (...words) => call(join(place, 'node_modules', '.bin', 'keyturn-fetch'), words, { cwd: place, env });

  const help = keyturn('--help');
  const commands = [...help.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map(([, name = '']) => name);
  expect(commands.includes('serve') && commands.includes('verify'), 'the help lists the commands');
  for (const command of commands) expect(keyturn(command, '--help').includes('Usage:'), `${command} --help answers`);
  if (commands.includes('policy')) JSON.parse(keyturn('policy', 'schema'));
  expect(/^\d+\.\d+\.\d+/.test(keyturn('--version')), 'keyturn --version names the version');
  expect(/^\d+\.\d+\.\d+/.test(helper('--version')), 'keyturn-fetch --version names the version');
  expect(helper('--help').includes('exec'), 'keyturn-fetch --help lists exec');
  tryUpgrade(join(home, 'opt'), file, env);
  if (!existsSync(pack)) keyturn('start', '--once', '--json', '--data', join(folder, 'story'));
  expect(keyturn('verify', pack).includes('intact'), 'keyturn verify calls a pack of the embedded cloud intact');
}

/**
 * As docs/upgrade.md has it: one installation over another, under a prefix.
 * @param {string} prefix
 * @param {string} file
 * @param {NodeJS.ProcessEnv} env
 */
function tryUpgrade(prefix, file, env) {
  for (let times = 0; times < 2; times += 1)
    call('npm', ['install', '--global', '--prefix', prefix, '--omit=dev', '--no-audit', '--no-fund', file], { env });
  const version = call(join(prefix, 'bin', 'keyturn'), ['--version'], { env }).trim();
  expect(file.endsWith(`-${version}.tgz`), 'a second installation over the first one runs');
}

/**
 * @param {string} place
 * @param {string} what
 * @param {NodeJS.ProcessEnv} [env]
 */
function install(place, what, env = process.env) {
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'package.json'), '{ "private": true }\n');
  call('npm', ['install', '--omit=dev', '--no-audit', '--no-fund', what], { cwd: place, env });
}

/**
 * Runs a program to its end and returns what it printed; ends this script if it fails.
 * @param {string} program
 * @param {readonly string[]} words
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 */
function call(program, words, options = {}) {
  const { status, stdout, stderr } = spawnSync(program, words, {
    ...options,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status === 0) return stdout;
  console.error(`${program} ${words.join(' ')} failed (${status}).\n${stdout ?? ''}${stderr ?? ''}`);
  process.exit(1);
}

/**
 * @param {boolean} holds
 * @param {string} sentence
 */
function expect(holds, sentence) {
  if (holds) return console.log(`  ${sentence}`);
  console.error(`It does not hold that ${sentence}. The folder is ${folder}.`);
  process.exit(1);
}
