import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { skipUnless } from './skip-unless.ts';

const folder = fileURLToPath(new URL('../../shared/contracts/', import.meta.url));

/** Whether the folder of published contracts lies beside the checkout; docs/testing.md says what it holds. */
export const contractsAreHere = existsSync(folder);

/** Options of tests that compare with published contracts. Where the folder is, a file that it lacks is a failure. */
export const unlessContractsAreAbsent = skipUnless(
  contractsAreHere,
  'the published contracts in ../shared/contracts are absent (docs/testing.md, "Published contracts")',
);

/** The path of a published contract, such as `03-eventgrid-keyvault/docs-samples.json`. */
export function publishedContract(path: string): string {
  return join(folder, path);
}
