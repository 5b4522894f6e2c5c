import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import { type HelperFunction, pieces } from './helper-pieces.ts';

/** `helper-warm-up.ts FOLDER WORD…`: one call of the helper in a folder; as it ends, V8's cache of what it compiled is written. */
const [folder = '', ...words] = process.argv.slice(2);
const script = new Script(readFileSync(join(folder, pieces.code), 'latin1'), { filename: 'keyturn-fetch.cjs' });
process.argv = [process.execPath, 'keyturn-fetch', ...words];
// A cache notes what V8 made machine code of, and V8 makes it again beside each start that takes the cache: of 100 functions,
// most of which a job runs once or never, for a twelfth of the start. The cache must have the usual flags, so only the run has others.
setFlagsFromString('--no-sparkplug');
process.on('exit', () => {
  setFlagsFromString('--sparkplug');
  writeFileSync(join(folder, pieces.cache), script.createCachedData());
});
const require = createRequire(import.meta.url);
const laterParts = () => readFileSync(join(folder, pieces.later), 'latin1');
(script.runInThisContext() as HelperFunction)({}, require, {} as NodeJS.Module, laterParts);
