// `npm run test:package`: packs the project, installs the package alone into an empty folder on each Node that it promises,
// and uses it there as an operator would, through the installed links. It needs the package registry.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseEnv } from 'node:util';
import { environment, prepare, root } from './prepare.mjs';

const versions = [22, 24];
const folder = mkdtempSync(join(tmpdir(), 'keyturn-package-'));
const pack = join(folder, 'story', 'pack');

await prepare();
const [tarball = ''] = call('npm', ['pack', '--pack-destination', folder], { cwd: root, env: environment() })
  .trim()
  .split('\n')
  .slice(-1);
for (const version of versions) await tryOn(version, join(folder, tarball));
rmSync(folder, { recursive: true });
console.log(`${tarball} installs and runs on Node ${versions.join(' and ')}.`);

/**
 * @param {number} version
 * @param {string} file
 */
async function tryOn(version, file) {
  const home = join(folder, `node-${version}`);
  install(join(home, 'runtime'), `node@${version}`);
  const path = `${join(home, 'runtime', 'node_modules', '.bin')}${delimiter}${process.env['PATH'] ?? ''}`;
  const env = { ...process.env, PATH: path };
  expect(call('node', ['--version'], { env }).startsWith(`v${version}.`), `Node ${version} is the one that runs`);
  const place = join(home, 'operator');
  install(place, file, env);
  expect(!existsSync(join(place, 'node_modules', 'vitest')), 'no development package is installed');
  expect(listsWhatItInstalls(place), 'the CycloneDX list names what was installed, each with its licence');

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
  await tryCloud(place, env);
  tryUpgrade(join(home, 'opt'), file, env);
  if (!existsSync(pack)) keyturn('start', '--once', '--json', '--data', join(folder, 'story'));
  expect(keyturn('verify', pack).includes('intact'), 'keyturn verify calls a pack of the embedded cloud intact');
}

/**
 * Whether the list in the package holds every package that was installed.
 * @param {string} place
 */
function listsWhatItInstalls(place) {
  /** @type {{ components: readonly { name: string, licenses?: readonly unknown[] }[] }} */
  const { components } = JSON.parse(
    readFileSync(join(place, 'node_modules', 'keyturn', 'dist', 'sbom.cdx.json'), 'utf8'),
  );
  /** @type {{ packages: Record<string, unknown> }} */
  const { packages } = JSON.parse(readFileSync(join(place, 'node_modules', '.package-lock.json'), 'utf8'));
  const installed = Object.keys(packages).map((path) => path.slice(path.lastIndexOf('node_modules/') + 13));
  const missing = installed.filter((name) => name !== 'keyturn' && !components.some((one) => one.name === name));
  if (missing.length > 0) console.error(`Not in the list: ${missing.join(', ')}`);
  return missing.length === 0 && components.every(({ licenses = [] }) => licenses.length > 0);
}

/**
 * Starts `keyturn cloud` from the package and lets `keyturn doctor` look at it with the settings that it wrote.
 * @param {string} place
 * @param {NodeJS.ProcessEnv} env
 */
async function tryCloud(place, env) {
  const program = join(place, 'node_modules', '.bin', 'keyturn');
  const words = ['cloud', '--env', 'cloud.env', '--port', '0', '--portal', '7999', '--json'];
  const cloud = spawn(program, words, { cwd: place, env, stdio: ['ignore', 'pipe', 'inherit'] });
  // Its line of JSON comes when the settings are written.
  await new Promise((resolve, reject) => {
    cloud.stdout.once('data', resolve);
    cloud.once('exit', (code) => reject(new Error(`keyturn cloud ended with ${code}.`)));
  });
  const settings = parseEnv(readFileSync(join(place, 'cloud.env'), 'utf8'));
  const looked = call(program, ['doctor'], { cwd: place, env: { ...env, ...settings } });
  expect(looked.includes('reached; 6 secrets listed'), 'keyturn doctor reaches the vault of keyturn cloud');
  const ended = new Promise((resolve) => cloud.once('exit', resolve));
  cloud.kill('SIGTERM');
  await ended;
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
