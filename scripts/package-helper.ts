import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { writeCodeCache, writeHelperCode } from './helper-code.ts';
import { pieces } from './helper-pieces.ts';

/**
 * Writes the helper as the package brings it into a folder: `keyturn-fetch.cjs`, which starts it, its code, and V8's cache of
 * that code for the Node that runs this. Returns what went into it. The code has the same bytes each time, the cache has
 * not. On another system than Linux, where the helper does not run, there is no cache.
 */
export async function packageHelper(folder: string): Promise<Metafile> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const metafile = await writeHelperCode(folder);
  const isCached = process.platform === 'linux';
  if (isCached) await writeCodeCache(folder);
  const codeCache = isCached ? { node: `${process.version} ${process.arch}`, digest: digestIn(folder) } : null;
  await build({
    entryPoints: [fileURLToPath(new URL('package-main.ts', import.meta.url))],
    outfile: join(folder, 'keyturn-fetch.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    minify: true,
    define: { codeCache: JSON.stringify(codeCache) },
    logLevel: 'warning',
  });
  return metafile;
}

function digestIn(folder: string): string {
  const [code, cache] = [pieces.code, pieces.cache].map((piece) => readFileSync(join(folder, piece))) as [
    Buffer,
    Buffer,
  ];
  return createHash('sha256').update(code).update(cache).digest('hex');
}
