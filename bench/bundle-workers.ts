import { cp, rm } from 'node:fs/promises';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

const workers = [
  'bench/attribution/keyturn-worker.ts',
  'bench/attribution/duckdb-worker.ts',
  'bench/pack/pack-worker.ts',
  'bench/pack/verify-worker.ts',
] as const;

export type BenchWorker = (typeof workers)[number];

let bundled: Promise<string> | null = null;

/**
 * The file of a worker, bundled with the threads that it starts as the command line is: so what is measured is what
 * people install, without the time and the memory that Node needs to read TypeScript.
 */
export async function bundledWorker(worker: BenchWorker): Promise<string> {
  bundled ??= bundleWorkers();
  return join(await bundled, `${basename(worker, '.ts')}.js`);
}

async function bundleWorkers(): Promise<string> {
  // Below the project's root, where templates and packages are found.
  const folder = join(root, 'dist', 'bench');
  await rm(folder, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    packages: 'external',
    splitting: true,
    logLevel: 'warning',
    outdir: folder,
    chunkNames: 'chunks/[name]-[hash]',
    entryPoints: [
      ...workers.map((path) => ({ in: path, out: basename(path, '.ts') })),
      ...globSync('src/**/*-worker.ts', { cwd: root }).map((path) => ({
        in: path,
        out: `chunks/${basename(path, '.ts')}`,
      })),
    ],
  });
  await cp(join(root, 'bench/attribution/graded-join.sql'), join(folder, 'graded-join.sql'));
  return folder;
}
