// npm leaves optional platform packages out of the lock file when their newest version cannot be resolved on this
// machine; `npm ci` then refuses the lock file. This adds each missing one by name, so that every platform gets its own,
// and asks the registry for the digest of each entry that lacks one.
// Usage: node scripts/complete-lock.mjs [--check]
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

/**
 * @typedef {{ version?: string, integrity?: string, link?: boolean, optionalDependencies?: Record<string, string> }} Entry
 */

const path = new URL('../package-lock.json', import.meta.url);
/** @type {{ packages: Record<string, Entry> }} */
const lock = JSON.parse(readFileSync(path, 'utf8'));
const systems = ['darwin', 'linux', 'win32', 'freebsd', 'android', 'openbsd', 'netbsd', 'sunos', 'aix', 'openharmony'];
const processors = ['arm64', 'x64', 'arm', 'ia32', 'ppc64', 's390x', 'riscv64', 'loong64', 'mips64el'];

const missing = Object.values(lock.packages).flatMap((entry) =>
  Object.entries(entry.optionalDependencies ?? {}).filter(
    ([name]) => lock.packages[`node_modules/${name}`] === undefined,
  ),
);

if (process.argv.includes('--check')) {
  if (missing.length > 0)
    refuse(
      `optional packages`,
      missing.map(([name]) => name),
    );
  const bare = Object.entries(lock.packages).filter(lacksDigest);
  if (bare.length > 0)
    refuse(
      'digests',
      bare.map(([place]) => place),
    );
  console.log('The lock file is complete.');
} else {
  for (const [name, version] of missing) lock.packages[`node_modules/${name}`] = entryFor(name, version);
  const bare = Object.entries(lock.packages).filter(lacksDigest);
  for (const [place, entry] of bare) entry.integrity = digestOf(place, entry);
  const sorted = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(path, `${JSON.stringify({ ...lock, packages: sorted }, null, 2)}\n`);
  console.log(`${missing.length} entries and ${bare.length} digests added to the lock file.`);
}

/**
 * @param {string} what
 * @param {readonly string[]} names
 * @returns {never}
 */
function refuse(what, names) {
  console.error(`The lock file lacks ${names.length} ${what} (${names.join(', ')}). Run: npm run lock`);
  process.exit(1);
}

/** @param {[string, Entry]} entry */
function lacksDigest([place, { integrity, link }]) {
  return place !== '' && link !== true && integrity === undefined;
}

/**
 * @param {string} place
 * @param {Entry} entry
 */
function digestOf(place, { version }) {
  const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const digest = execFileSync('npm', ['view', `${name}@${version}`, 'dist.integrity'], { encoding: 'utf8' }).trim();
  if (!/^sha\d+-/.test(digest)) throw new Error(`The registry names no digest of ${name}@${version}.`);
  return digest;
}

/**
 * @param {string} name
 * @param {string} version
 * @returns {Entry & { optional: true, os?: string[], cpu?: string[] }}
 */
function entryFor(name, version) {
  const words = name.split(/[/-]/);
  const os = systems.filter((system) => words.includes(system));
  const cpu = processors.filter((processor) => words.includes(processor));
  return { version, optional: true, ...(os.length > 0 && { os }), ...(cpu.length > 0 && { cpu }) };
}
