// npm leaves optional platform packages out of the lock file when their newest version cannot be resolved on this
// machine; `npm ci` then refuses the lock file. This adds each missing one by name, so that every platform gets its own.
// Usage: node scripts/complete-lock.mjs [--check]
import { readFileSync, writeFileSync } from 'node:fs';

const path = new URL('../package-lock.json', import.meta.url);
/** @type {{ packages: Record<string, { version?: string, optionalDependencies?: Record<string, string> }> }} */
const lock = JSON.parse(readFileSync(path, 'utf8'));
const systems = ['darwin', 'linux', 'win32', 'freebsd', 'android', 'openbsd', 'netbsd', 'sunos', 'aix', 'openharmony'];
const processors = ['arm64', 'x64', 'arm', 'ia32', 'ppc64', 's390x', 'riscv64', 'loong64', 'mips64el'];

const missing = Object.values(lock.packages).flatMap((entry) =>
  Object.entries(entry.optionalDependencies ?? {}).filter(
    ([name]) => lock.packages[`node_modules/${name}`] === undefined,
  ),
);

if (process.argv.includes('--check')) {
  if (missing.length > 0) {
    const names = missing.map(([name]) => name).join(', ');
    console.error(`The lock file lacks ${missing.length} optional packages (${names}). Run: npm run lock`);
    process.exit(1);
  }
  console.log('The lock file is complete.');
} else {
  for (const [name, version] of missing) lock.packages[`node_modules/${name}`] = entryFor(name, version);
  const sorted = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(path, `${JSON.stringify({ ...lock, packages: sorted }, null, 2)}\n`);
  console.log(`${missing.length} entries added to the lock file.`);
}

/**
 * @param {string} name
 * @param {string} version
 */
function entryFor(name, version) {
  const words = name.split(/[/-]/);
  const os = systems.filter((system) => words.includes(system));
  const cpu = processors.filter((processor) => words.includes(processor));
  return { version, optional: true, ...(os.length > 0 && { os }), ...(cpu.length > 0 && { cpu }) };
}
