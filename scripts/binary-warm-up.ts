import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Script } from 'node:vm';
import type { HelperFunction } from './binary-assets.ts';

/** `binary-warm-up.ts CODE CACHE WORD…`: one call of the helper; as it ends, what V8 compiled of it is written to CACHE. */
const [code = '', cache = '', ...words] = process.argv.slice(2);
const script = new Script(readFileSync(code, 'latin1'), { filename: 'keyturn-fetch.cjs' });
process.argv = [process.execPath, 'keyturn-fetch', ...words];
process.on('exit', () => writeFileSync(cache, script.createCachedData()));
const require = createRequire(import.meta.url);
(script.runInThisContext() as HelperFunction)({}, require, {} as NodeJS.Module);
