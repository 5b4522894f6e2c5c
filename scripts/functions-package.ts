import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';

/** Packages that the built code loads where they are installed. What only the embedded cloud needs is not among them. */
const loaded = ['@azure/functions', '@myriaddreamin/typst-ts-node-compiler', 'ioredis', 'mysql2', 'pg'];

/** The machines of Functions: Flex Consumption has Linux on x64 with glibc, whatever machine makes the package. */
const target = { os: 'linux', cpu: 'x64', libc: 'glibc' };

interface LockedPackage {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
}

interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

/** Folders in node_modules that an app on Functions needs, by the lock file: what it loads, and what that needs in turn. */
export function modulesFor({ packages }: Lock): readonly string[] {
  const found = new Set<string>();
  const visit = (name: string, from: string): void => {
    const path = placeOf(packages, name, from);
    const locked = path === null ? undefined : packages[path];
    if (path === null || locked === undefined || found.has(path) || !fits(locked)) return;
    found.add(path);
    for (const needed of Object.keys({ ...locked.dependencies, ...locked.optionalDependencies })) visit(needed, path);
  };
  for (const name of loaded) visit(name, '');
  return [...found].sort();
}

/** Where Node finds a package that another one asks for: nearest first. */
function placeOf(packages: Lock['packages'], name: string, from: string): string | null {
  for (let above = from; ; above = above.slice(0, Math.max(0, above.lastIndexOf('/node_modules/')))) {
    const path = above === '' ? `node_modules/${name}` : `${above}/node_modules/${name}`;
    if (packages[path] !== undefined) return path;
    if (above === '') return null;
  }
}

function fits({ os, cpu, libc }: LockedPackage): boolean {
  const allows = (list: readonly string[] | undefined, one: string) =>
    list === undefined ||
    list.includes(one) ||
    (list.every((word) => word.startsWith('!')) && !list.includes(`!${one}`));
  // A package may say what it is built for only in its name.
  return allows(os, target.os) && allows(cpu, target.cpu) && allows(libc, target.libc);
}

/**
 * What the deployment package holds, by path: built code, templates, host.json, the manifest and the modules. `installed` is
 * the folder that has node_modules for the machines of Functions. @throws Error naming a package that is not installed there.
 */
export function packageFiles(
  root: string,
  { installed, policy }: { readonly installed: string; readonly policy: string | null },
): ReadonlyMap<string, string> {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock;
  const files = new Map<string, string>();
  const take = (folder: string, pattern: string) => {
    for (const path of globSync(pattern, { cwd: folder, exclude: ['**/*.map', '**/*.zip'] }).map((one) =>
      one.replaceAll('\\', '/'),
    ))
      if (statSync(join(folder, path)).isFile()) files.set(path, join(folder, path));
  };
  for (const name of ['host.json', 'LICENSE', 'package.json']) files.set(name, join(root, name));
  for (const pattern of ['dist/functions/*.js', 'dist/chunks/**/*', 'dist/*.txt', 'templates/**/*'])
    take(root, pattern);
  for (const path of modulesFor(lock)) {
    const before = files.size;
    take(installed, `${path}/*`);
    take(installed, `${path}/!(node_modules)/**/*`);
    if (files.size === before) throw new Error(`${path} is not installed in ${installed} for Linux on x64.`);
  }
  if (policy !== null) files.set('keyturn.policy.yml', policy);
  return files;
}

/** The manifest of the package: what the host reads of it, and only the packages that it loads. */
export function packageManifest(root: string): string {
  const whole = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  } & Readonly<Record<string, unknown>>;
  const { name, version, license, type, main, engines } = whole;
  const dependencies = Object.fromEntries(loaded.map((one) => [one, whole.dependencies[one]]));
  return `${JSON.stringify({ name, version, license, type, main, engines, dependencies }, null, 2)}\n`;
}

/** The package as a zip. The same files make the same bytes. */
export function zipPackage(root: string, files: ReadonlyMap<string, string>): Uint8Array {
  const entries = [...files].sort(([one], [other]) => (one < other ? -1 : 1));
  const content = entries.map(([path, file]): [string, Uint8Array] => [
    path,
    path === 'package.json' ? Buffer.from(packageManifest(root)) : readFileSync(file),
  ]);
  return zipSync(Object.fromEntries(content), { level: 6, mtime: new Date(1980, 0, 1), os: 3, attrs: 0o644 << 16 });
}
