import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { type HelperFunction, pieces } from './helper-pieces.ts';

/** `helper-warm-up.ts FOLDER WORD…`: one call of the helper in a folder; as it ends, V8's cache of what it compiled is written. */
const [folder = '', ...words] = process.argv.slice(2);
const script = new Script(readFileSync(join(folder, pieces.code), 'latin1'), { filename: 'keyturn-fetch.cjs' });
process.argv = [process.execPath, 'keyturn-fetch', ...words];
process.on('exit', () => writeFileSync(join(folder, pieces.cache), script.createCachedData()));
const require = createRequire(import.meta.url);
const laterParts = () => readFileSync(join(folder, pieces.later), 'latin1');
(script.runInThisContext() as HelperFunction)({}, require, {} as NodeJS.Module, laterParts);
