import { getRawAsset } from 'node:sea';
import { Script } from 'node:vm';
import { listenerProgram, listenerWord } from '../src/runner/use/jail-listener.ts';
import { type HelperFunction, pieces } from './helper-pieces.ts';

/**
 * What the single executable runs first: the helper, with the code cache that it carries. Node's own code cache for single
 * executables holds no function that has not run, which is nearly all of the bundle. V8 takes a cache of its own version
 * and flags only, and compiles the helper otherwise.
 */
if (process.argv[2] === listenerWord) runListener();
else runHelper();

/** In a jail: nothing of the helper itself. */
function runListener(): void {
  const script = new Script(`(function(require){${listenerProgram}\n})`);
  (script.runInThisContext() as (load: NodeJS.Require) => void)(require);
}

function runHelper(): void {
  const cache = codeCache();
  const script = new Script(textOf(pieces.code), {
    filename: 'keyturn-fetch.cjs',
    ...(cache !== null && { cachedData: cache }),
  });
  const run = script.runInThisContext() as HelperFunction;
  run(module.exports, require, module, () => textOf(pieces.later));
}

function textOf(piece: string): string {
  return Buffer.from(getRawAsset(piece)).toString('latin1');
}

function codeCache(): Buffer | null {
  try {
    return Buffer.from(getRawAsset(pieces.cache));
  } catch {
    // Built for another architecture than the one that built it.
    return null;
  }
}
