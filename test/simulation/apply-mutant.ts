import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { mutants } from './mutants.ts';

/** The variable that names the mutant to apply, by its index in the list. */
export const mutantVariable = 'KEYTURN_MUTANT';

// Loaded before the simulation by `--import`, in its workers too: the loader hands over one file of the rotation with one
// guard taken out, and the tree on disk stays as it is.
const mutant = mutants[Number(process.env[mutantVariable])];
if (mutant !== undefined) {
  const { file, from, to } = mutant;
  const address = new URL(`../../src/rotation/${file}`, import.meta.url);
  const source = readFileSync(address, 'utf8');
  // A file that was moved, or a line that was changed, must not leave the machine whole.
  if (source.split(from).length !== 2) throw new Error(`src/rotation/${file} must hold this text once: ${from}`);
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      return url === address.href ? { ...loaded, source: source.replace(from, () => to) } : loaded;
    },
  });
}
