import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, globSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { writeCodeCache, writeHelperCode } from './helper-code.ts';
import { pieces } from './helper-pieces.ts';

/**
 * `npm run build:binary [-- --architecture x64|arm64] [--out FOLDER]`: the fetch helper as one file for Linux, for images
 * without Node: this project's Node with the helper's bundle inside, by Node's own support for single executables.
 * Source: nodejs.org/api/single-executable-applications.html.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
/** Where Node looks for what is inside it; fixed by Node. */
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
const architectures = ['x64', 'arm64'] as const;
type Architecture = (typeof architectures)[number];

/**
 * Options of Node that the executable starts with. One thread beside the helper's own: each that V8 starts and wakes costs a
 * start more than it saves. No debugger by SIGUSR1, not even in the moment before the helper forbids it.
 */
const execArgv = ['--v8-pool-size=1', '--disable-sigusr1'];

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { architecture: { type: 'string' }, out: { type: 'string' } } });
  const architecture = architectures.find((one) => one === (values.architecture ?? process.arch));
  if (process.platform !== 'linux' || architecture === undefined) {
    console.error(
      'The binary is built on Linux, for Linux on x64 or arm64. On Windows use WSL 2, on macOS a container or a virtual machine.',
    );
    process.exit(2);
  }
  const path = await buildBinary(architecture, values.out ?? join(root, 'dist', 'binary'));
  console.log(`${path}: ${(statSync(path).size / 1024 / 1024).toFixed(0)} MB`);
}

/** Writes `FOLDER/keyturn-fetch-linux-ARCHITECTURE` and returns its path. Takes some five seconds. */
export async function buildBinary(architecture: Architecture, folder: string): Promise<string> {
  const work = mkdtempSync(join(tmpdir(), 'keyturn-binary-'));
  try {
    const blob = await makeBlob(work, architecture);
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `keyturn-fetch-linux-${architecture}`);
    putBlobInNode(blob, nodeFor(architecture, work), path);
    return path;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Copies a Node to a path and puts a program into it, which Node has made a blob. */
export function putBlobInNode(blob: string, node: string, path: string): void {
  rmSync(path, { force: true });
  copyFileSync(node, path);
  const postject = join(root, 'node_modules/postject/dist/cli.js');
  execFileSync(process.execPath, [postject, path, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', fuse]);
  chmodSync(path, 0o755);
}

/** A code cache is bound to the architecture that made it: for another one the bundle is compiled at each start. */
async function makeBlob(work: string, architecture: Architecture): Promise<string> {
  const [main, configuration, output] = ['main.cjs', 'sea.json', 'blob'].map((name) => join(work, name)) as [
    string,
    string,
    string,
  ];
  const isOwn = architecture === process.arch;
  await writeHelperCode(work);
  if (isOwn) await writeCodeCache(work);
  const entryPoints = [join(root, 'scripts/binary-main.ts')];
  await build({ entryPoints, outfile: main, bundle: true, platform: 'node', format: 'cjs', minify: true });
  const carried = [pieces.code, pieces.later, ...(isOwn ? [pieces.cache] : [])];
  const assets = Object.fromEntries(carried.map((piece) => [piece, join(work, piece)]));
  const how = { disableExperimentalSEAWarning: true, useCodeCache: isOwn, execArgv };
  writeFileSync(configuration, JSON.stringify({ main, output, ...how, assets }));
  execFileSync(process.execPath, ['--experimental-sea-config', configuration], { stdio: 'pipe' });
  return output;
}

/** The Node of this architecture and of the project's own version: the one that runs this, or the package that brings it. */
function nodeFor(architecture: Architecture, work: string): string {
  if (architecture === process.arch) return process.execPath;
  const name = `node-linux-${architecture}@${process.version.slice(1)}`;
  execFileSync('npm', ['install', '--prefix', work, '--force', '--no-audit', '--no-fund', '--ignore-scripts', name], {
    stdio: 'pipe',
  });
  const [node] = globSync(join(work, `node_modules/node-linux-${architecture}/bin/node`));
  if (node === undefined) throw new Error(`The package ${name} holds no bin/node.`);
  return node;
}
