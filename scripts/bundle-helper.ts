import { basename, resolve } from 'node:path';
import { build, type Metafile, type Plugin, transform } from 'esbuild';

/** The three programs of the runner, by the name of their bundle. Gitea's runner starts `main` and `post` as modules. */
export const helperEntries = {
  'keyturn-fetch.cjs': 'src/runner/main.ts',
  'main.mjs': 'src/runner/action/action-main.ts',
  'post.mjs': 'src/runner/action/action-post.ts',
} as const;

/** What an everyday job imports on demand. Everything else that is imported on demand is text until then. */
const everyday: readonly string[] = ['src/runner/commands/exec-options.ts', 'src/runner/commands/exec.ts'];

/** Needed by failures alone, and imported by everything. */
const atFailures: readonly string[] = ['src/faults/catalogue.ts'];

/** Needed when the command first prints: the search for secrets is made while it runs. */
const atPrinting: readonly string[] = [
  'src/runner/redaction/needles/secret-needles.ts',
  'src/runner/redaction/search/secret-search.ts',
];

/** CommonJS packages inside an ES module bundle still call require(). */
const requireInModule = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";

const settings = {
  platform: 'node',
  target: 'node20',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
} as const;

/**
 * Bundles one program of the runner into the file `outfile`, for Node 20 and later. The same source gives the same bytes.
 * Returns what went into it.
 *
 * V8 reads every function of a script before it runs the first line, 3 ms for 100 KB, and a job waits for each start. So
 * only what an everyday job runs until its command prints is code. The rest (the other commands and identities, the parsers
 * of YAML and of the command line, the search for secrets) is text in the same file, and compiled at its first use.
 * The helper is CommonJS: an ES module evaluates every export of each module of Node that it imports, undici's TextDecoder
 * and `node:fs/promises` among them, which costs a third of the whole start-up.
 */
export async function bundleHelper(name: keyof typeof helperEntries, outfile: string): Promise<Metafile> {
  return await bundleProgram(helperEntries[name], outfile);
}

/** The same for any program made of the helper's parts. */
export async function bundleProgram(entry: string, outfile: string): Promise<Metafile> {
  const program = await partsOf(entry, [...atFailures, ...atPrinting]);
  const isModule = outfile.endsWith('.mjs');
  await build({ ...(await joined(program, isModule ? 'esm' : 'cjs', inOneFile)), outfile });
  return program.metafile;
}

/**
 * The same for a program that V8's cache of its code goes with, in two pieces: what a command's output needs is code too,
 * and the texts of the other parts, a JSON object by name, are what `laterParts()` returns.
 */
export async function bundleInPieces(entry: string): Promise<{
  readonly metafile: Metafile;
  readonly code: string;
  readonly later: string;
}> {
  const program = await partsOf(entry, atFailures);
  let later = '';
  const apart = (texts: string) => {
    later = texts;
    return 'JSON.parse(laterParts())';
  };
  const { outputFiles } = await build({ ...(await joined(program, 'cjs', apart)), write: false });
  return { metafile: program.metafile, code: outputFiles[0]?.text ?? '', later };
}

/** Where the texts of parts are, a JSON object by name: an expression for it. */
type PlaceOfTexts = (texts: string) => string;
const inOneFile: PlaceOfTexts = (texts) => texts;

type Program = Awaited<ReturnType<typeof partsOf>>;

/** How esbuild joins a program's parts again. */
async function joined(program: Program, format: 'esm' | 'cjs', placeOf: PlaceOfTexts) {
  return {
    ...settings,
    entryPoints: [program.first],
    bundle: true,
    format,
    plugins: [await joinParts(program, placeOf), loadOnUse],
    banner: { js: format === 'esm' ? requireInModule : '"use strict";' },
  };
}

/** The program in parts, as esbuild splits it where it imports on demand: their texts by their names. */
async function partsOf(entry: string, atFirstUse: readonly string[]) {
  const { metafile, outputFiles } = await build({
    ...settings,
    entryPoints: [entry, ...atFirstUse],
    outdir: 'parts',
    entryNames: '[name]',
    bundle: true,
    format: 'esm',
    splitting: true,
    // Node's own rules for what an import of CommonJS returns: nothing is looked up in it.
    outExtension: { '.js': '.mjs' },
    metafile: true,
    write: false,
    plugins: [keepApart(atFirstUse)],
  });
  const parts = new Map(outputFiles.map(({ path, text }) => [partName(path), text]));
  const first = Object.keys(metafile.outputs).find((path) => metafile.outputs[path]?.entryPoint === entry) ?? '';
  return { metafile, parts, first: partName(first) };
}

/** Joins the parts again: what each start loads as one piece of code, and the others as text. */
async function joinParts({ metafile: { outputs }, parts, first }: Program, placeOf: PlaceOfTexts): Promise<Plugin> {
  const entries = Object.keys(outputs).filter((path) => partName(path) === first);
  const everydays = Object.keys(outputs).filter((path) => everyday.includes(outputs[path]?.entryPoint ?? ''));
  const start = reachedFrom([...entries, ...everydays], (path) => importsOf(outputs, path));
  const all = reachedFrom(entries, (path) => [...importsOf(outputs, path), ...onDemandOf(outputs, path)]);
  const later = [...all].filter((path) => !start.has(path));
  const texts = await Promise.all(
    later.map(async (path) => {
      const code = await asCommonJs(parts.get(partName(path)) ?? '');
      // A CommonJS package, which esbuild makes the default export of its part.
      const isPackage = /(^|\/)node_modules\//.test(outputs[path]?.entryPoint ?? '');
      return [partName(path), isPackage ? `${code}module.exports=module.exports.default;` : code] as const;
    }),
  );
  const shared = new Set(later.flatMap((path) => importsOf(outputs, path)).filter((path) => start.has(path)));
  const startNames = new Set([...start].map(partName));
  return {
    name: 'join-parts',
    setup(bundler) {
      bundler.onResolve({ filter: /^\.\/[^/]+\.mjs$/ }, ({ path, kind }) => {
        if (startNames.has(path)) return { path, namespace: 'part' };
        // As a CommonJS module, which its name tells.
        return { path: `${path}.cjs`, namespace: kind === 'import-statement' ? 'load-on-use' : 'later' };
      });
      bundler.onResolve({ filter: /^loader$/ }, ({ path }) => ({ path, namespace: 'loader' }));
      bundler.onLoad({ filter: /.*/, namespace: 'part' }, ({ path }) => ({ contents: parts.get(path) ?? '' }));
      bundler.onLoad({ filter: /.*/, namespace: 'later' }, ({ path }) => ({
        contents: `module.exports = ${loading(path)};`,
      }));
      bundler.onLoad({ filter: /.*/, namespace: 'loader' }, () => ({
        contents: loaderOf(placeOf(JSON.stringify(Object.fromEntries(texts))), [...shared].map(partName)),
      }));
    },
  };
}

/** What loads a part that is text. `texts`: an expression for the texts by name. */
function loaderOf(texts: string, shared: readonly string[]): string {
  return `
const texts = ${texts};
const parts = { ${shared.map((name) => `'${name}': () => require('${name}')`).join(', ')} };
const loaded = new Map();
module.exports = function load(name) {
  if (Object.hasOwn(parts, name)) return parts[name]();
  if (!name.startsWith('./')) return require(name);
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  loaded.set(name, module);
  new Function('module', 'exports', 'require', texts[name])(module, module.exports, load);
  return module.exports;
};`;
}

function loading(name: string): string {
  return name.startsWith('./') ? `require('loader')('${name.replace(/\.cjs$/, '')}')` : `require('${name}')`;
}

function reachedFrom(from: readonly string[], next: (path: string) => readonly string[]): ReadonlySet<string> {
  const reached = new Set<string>();
  const open = [...from];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (!reached.has(path)) open.push(...next(path));
    reached.add(path);
  }
  return reached;
}

/** What an output imports as it starts. */
function importsOf(outputs: Metafile['outputs'], path: string): readonly string[] {
  const imports = outputs[path]?.imports ?? [];
  return imports.flatMap((one) => (one.kind === 'import-statement' && one.external !== true ? [one.path] : []));
}

/** What it imports on demand, and what it needs of what is kept apart. */
function onDemandOf(outputs: Metafile['outputs'], path: string): readonly string[] {
  const imports = outputs[path]?.imports ?? [];
  const apart = new Map(Object.keys(outputs).map((output) => [partName(output), output]));
  return imports.flatMap((one) => (one.kind === 'dynamic-import' ? one.path : apart.get(one.path)) ?? []);
}

/** The text of a part as the body of a CommonJS module that requires the other parts. */
async function asCommonJs(part: string): Promise<string> {
  const supported = { 'dynamic-import': false };
  const { code } = await transform(part, { ...settings, format: 'cjs', supported });
  return `"use strict";${code}`;
}

/** As the parts name each other. */
function partName(path: string): string {
  return `./${basename(path)}`;
}

/** Keeps these modules out of the parts that import them. */
function keepApart(modules: readonly string[]): Plugin {
  const names = new Map(modules.map((module) => [resolve(module), `./${basename(module, '.ts')}.mjs`]));
  return {
    name: 'keep-apart',
    setup(bundler) {
      bundler.onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path, resolveDir, kind }) => {
        const name = kind === 'entry-point' ? undefined : names.get(resolve(resolveDir, path));
        return name === undefined ? null : { path: name, external: true };
      });
    },
  };
}

/**
 * Loads these modules of Node, and parts that are text, at the first use of a member, not with what imports them: they cost
 * milliseconds of a start that a job waits for, and by then a request is under way. A bundle copies the prototype of a
 * CommonJS module, so a proxy there is asked for each member.
 */
const loadOnUse: Plugin = {
  name: 'load-on-use',
  setup(bundler) {
    const slow = /^node:(crypto|child_process|os|util|net|tls|http|https|stream|timers\/promises|dns\/promises)$/;
    const namespace = 'load-on-use';
    bundler.onResolve({ filter: slow }, ({ path, namespace: from }) =>
      from === namespace ? { path, external: true } : { path, namespace },
    );
    bundler.onLoad({ filter: /.*/, namespace }, ({ path }) => ({
      contents: `let loaded; module.exports = Object.create(new Proxy({}, { get: (_, member) => (loaded ??= ${loading(path)})[member] }));`,
    }));
  },
};
