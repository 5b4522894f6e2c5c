// Builds dist/ (command line, Functions, the fetch helper of the package) and action/dist/ (the fetch helper of the action).
// The same source gives the same bytes, except for the code cache in dist/fetch.
import { cpSync, existsSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundleHelper, helperEntries } from './bundle-helper.ts';
import { packageHelper } from './package-helper.ts';
import { thirdPartyLicences } from './third-party-licences.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);

// CommonJS packages inside an ES module bundle still call require().
const banner = {
  js: "import { createRequire as createRequireOfBundle } from 'node:module';\nconst require = createRequireOfBundle(import.meta.url);",
};
/** @satisfies {import('esbuild').BuildOptions} */
const common = /** @type {const} */ ({
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  legalComments: 'none',
  logLevel: 'warning',
});

/** Loaded where they are installed: native code, the host's own module, or drivers that few installations need. */
const external = [
  '@azure/functions',
  '@azure/functions-core',
  '@myriaddreamin/typst-ts-node-compiler',
  '@kusto/language-service-next',
  'selfsigned',
  'pg',
  'pg-native',
  'mysql2',
  'ioredis',
];

rmSync('dist', { recursive: true, force: true });
const bundles = [
  await buildService(),
  await packageHelper('dist/fetch'),
  ...(await buildRunner(process.argv[2] ?? 'action/dist')),
];
writeFileSync('dist/third-party-licences.txt', thirdPartyLicences(bundles));

async function buildService() {
  const functions = globSync('functions/*.ts').sort();
  const workers = globSync('src/**/*-worker.ts').sort();
  const { metafile } = await build({
    ...common,
    metafile: true,
    banner,
    external,
    splitting: true,
    outdir: 'dist',
    chunkNames: 'chunks/[name]-[hash]',
    sourcemap: true,
    sourcesContent: false,
    entryPoints: [
      ...(existsSync('src/cli.ts') ? [{ in: 'src/cli.ts', out: 'cli' }] : []),
      ...functions.map((path) => ({ in: path, out: `functions/${basename(path, '.ts')}` })),
      // A worker is started by its file name, so it stands beside the chunks that start it.
      ...workers.map((path) => ({ in: path, out: `chunks/${basename(path, '.ts')}` })),
    ],
  });
  mkdirSync('dist/chunks', { recursive: true });
  for (const query of globSync('src/azure/*.kql')) cpSync(query, `dist/chunks/${basename(query)}`);
  return metafile;
}

/** @param {string} outdir */
async function buildRunner(outdir) {
  const names = /** @type {(keyof typeof helperEntries)[]} */ (Object.keys(helperEntries));
  const bundles = [];
  for (const name of names) bundles.push(await bundleHelper(name, `${outdir}/${name}`));
  return bundles;
}
