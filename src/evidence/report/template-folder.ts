import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ServiceError } from '../../service-error.ts';

/**
 * Finds the nearest of these paths in a folder above this module, because sources, bundles and chunks lie at different
 * depths below the project's root. @throws ServiceError `PACK_NOT_WRITTEN` if the installation lacks the file.
 */
export function installedFile(...relativePaths: readonly string[]): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const found = relativePaths.map((path) => join(folder, path)).find((candidate) => existsSync(candidate));
    if (found !== undefined) return found;
    if (folder === dirname(folder)) {
      const reason = `the installation lacks ${relativePaths[0] ?? 'a file'}`;
      throw new ServiceError('PACK_NOT_WRITTEN', { pack: 'none', reason });
    }
  }
}

/** A file of `templates/` as text. */
export async function templateText(name: string): Promise<string> {
  return await readFile(installedFile(join('templates', name)), 'utf8');
}
