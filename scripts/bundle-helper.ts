import { build, type BuildOptions } from 'esbuild';

/** The three programs of the runner, by the name of their bundle. Gitea's runner starts `main` and `post` as modules. */
export const helperEntries = {
  'keyturn-fetch.cjs': 'src/runner/main.ts',
  'main.mjs': 'src/runner/action/action-main.ts',
  'post.mjs': 'src/runner/action/action-post.ts',
} as const;

/** CommonJS packages inside an ES module bundle still call require(). */
const requireInModule = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";

/**
 * Bundles one program of the runner into the file `outfile`, for Node 20 and later. The same source gives the same bytes.
 * The helper is CommonJS: an ES module evaluates every export of each module of Node that it imports, undici's TextDecoder
 * and `node:fs/promises` among them, which costs a third of the whole start-up.
 */
export async function bundleHelper(name: keyof typeof helperEntries, outfile: string): Promise<void> {
  await build(helperBuild(name, outfile));
}

function helperBuild(name: keyof typeof helperEntries, outfile: string): BuildOptions {
  const isModule = name.endsWith('.mjs');
  return {
    entryPoints: [helperEntries[name]],
    outfile,
    bundle: true,
    platform: 'node',
    format: isModule ? 'esm' : 'cjs',
    target: 'node20',
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
    ...(isModule && { banner: { js: requireInModule } }),
  };
}
