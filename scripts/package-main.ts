#!/usr/bin/env node
import { createHash } from 'node:crypto';
import { openSync, readFileSync } from 'node:fs';
import { Script } from 'node:vm';
import { type HelperFunction, pieces } from './helper-pieces.ts';

/** What the build says of the code cache in this folder; `null` if it made none. */
declare const codeCache: {
  /** Version and architecture of the Node that made it, and for which alone it counts. */
  readonly node: string;
  /** SHA-256 of the code followed by the cache, hexadecimal. */
  readonly digest: string;
} | null;

/**
 * What `keyturn-fetch` of the package runs first: the helper beside it, with the code cache beside that. A code cache is
 * code. It is looked for nowhere else, and nothing writes it after the build, so that it is trusted as the code is: who can
 * replace the one can replace the other. V8 compares no more of it than the length of the code that it belongs to and the
 * version and flags of V8; other bytes, or beside other code, could run anything. So both must have the digest that the build
 * wrote into this file, or the helper compiles its code, as on any other Node.
 */
const code = readFileSync(`${__dirname}/${pieces.code}`);
// Opened now, so that an upgrade during this run changes nothing.
const later = openSync(`${__dirname}/${pieces.later}`, 'r');
const cache = codeCacheOf(code);
const script = new Script(code.toString('latin1'), {
  filename: 'keyturn-fetch.cjs',
  ...(cache !== null && { cachedData: cache }),
});
(script.runInThisContext() as HelperFunction)(module.exports, require, module, () => readFileSync(later, 'latin1'));

function codeCacheOf(own: Buffer): Buffer | null {
  if (codeCache?.node !== `${process.version} ${process.arch}`) return null;
  try {
    const found = readFileSync(`${__dirname}/${pieces.cache}`);
    return createHash('sha256').update(own).update(found).digest('hex') === codeCache.digest ? found : null;
  } catch {
    // The helper runs without it, only slower.
    return null;
  }
}
