import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild';

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
 * Returns what went into it.
 * The helper is CommonJS: an ES module evaluates every export of each module of Node that it imports, undici's TextDecoder
 * and `node:fs/promises` among them, which costs a third of the whole start-up.
 */
export async function bundleHelper(name: keyof typeof helperEntries, outfile: string): Promise<Metafile> {
  return (await build({ ...helperBuild(name, outfile), metafile: true })).metafile;
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
    plugins: [loadOnUse, compileOnUse, compileRoomOnUse],
    ...(isModule && { banner: { js: requireInModule } }),
  };
}

/**
 * Loads these modules of Node at the first use of a member, not with the bundle: they cost milliseconds of a start that a
 * job waits for, and by then a request is under way. A bundle copies the prototype of a CommonJS module, so a proxy there
 * is asked for each member.
 */
const loadOnUse: Plugin = {
  name: 'load-on-use',
  setup(bundler) {
    const slow = /^node:(crypto|child_process|os|util|net|tls|http|https|stream|timers\/promises|dns\/promises)$/;
    bundler.onResolve({ filter: slow }, ({ path, namespace }) =>
      namespace === 'load-on-use' ? { path, external: true } : { path, namespace: 'load-on-use' },
    );
    bundler.onLoad({ filter: slow, namespace: 'load-on-use' }, ({ path }) => ({
      contents: `module.exports = Object.create(new Proxy({}, { get: (_, member) => require('${path}')[member] }));`,
    }));
  },
};

/**
 * Keeps these packages as text and compiles them at their first use: a manifest, help, or a call with a mistake. They are
 * half of the bundle, and V8 reads every function of a script before it runs the first line: 3 ms of each start.
 */
const compileOnUse: Plugin = {
  name: 'compile-on-use',
  setup(bundler) {
    const rare = /^(yaml|commander)$/;
    bundler.onResolve({ filter: rare }, ({ path }) => ({ path, namespace: 'compile-on-use' }));
    bundler.onLoad({ filter: rare, namespace: 'compile-on-use' }, async ({ path }) => {
      const code = JSON.stringify(await packageText(path));
      return { contents: `new Function('module', 'exports', 'require', ${code})(module, exports, require);` };
    });
  },
};

/**
 * Does the same with the room of `exec --use`, which few calls need. What it takes from the rest of the helper it gets from
 * the bundle itself, so that there is one of each class and each state.
 */
const compileRoomOnUse: Plugin = {
  name: 'compile-room-on-use',
  setup(bundler) {
    const room = fileURLToPath(new URL('../src/runner/use/', import.meta.url));
    const namespace = 'compile-room-on-use';
    bundler.onResolve({ filter: /\/use\/[a-z-]+\.ts$/ }, ({ path, resolveDir, kind }) => {
      const target = resolve(resolveDir, path);
      return kind === 'dynamic-import' && target.startsWith(room) ? { path: target, namespace } : null;
    });
    bundler.onLoad({ filter: /.*/, namespace }, async ({ path }) => {
      const { code, outside } = await roomText(path, room);
      // Known inside by their names alone.
      if (new Set(outside.map((each) => basename(each))).size < outside.length)
        throw new Error('Two files have one name.');
      const imports = outside.map((each, index) => `import * as outside${String(index)} from ${JSON.stringify(each)};`);
      const named = outside.map((each, index) => `${JSON.stringify(basename(each))}: outside${String(index)}`);
      const contents = [
        ...imports,
        `const outside = { ${named.join(', ')} };`,
        'const room = { exports: {} };',
        `new Function('module', 'exports', 'require', ${JSON.stringify(code)})(room, room.exports, (name) => outside[name] ?? require(name));`,
        'module.exports = room.exports;',
      ];
      return { contents: contents.join('\n'), resolveDir: room, loader: 'js' };
    });
  },
};

/** One entry of a room as the body of a function, and the paths of the files that it takes from outside of the room. */
async function roomText(entry: string, room: string): Promise<{ readonly code: string; readonly outside: string[] }> {
  const outside = new Set<string>();
  const leave: Plugin = {
    name: 'leave-the-room',
    setup(bundler) {
      bundler.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
        const target = resolve(resolveDir, path);
        if (target.startsWith(room)) return null;
        outside.add(target);
        return { path: basename(target), external: true };
      });
    },
  };
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    minify: true,
    legalComments: 'none',
    write: false,
    plugins: [leave],
  });
  return { code: outputFiles[0]?.text ?? '', outside: [...outside].toSorted() };
}

/** One package, bundled into the body of a function that has `module`, `exports` and `require`. */
async function packageText(name: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: `module.exports = require('${name}');`, resolveDir: import.meta.dirname },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    minify: true,
    legalComments: 'none',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}
