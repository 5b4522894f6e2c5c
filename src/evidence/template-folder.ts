import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ServiceError } from '../service-error.ts';

/**
 * The nearest place above this module that holds `relativePath`: sources and bundles lie at different depths below the
 * project's root. @throws ServiceError `PACK_NOT_WRITTEN` when the installation lacks the file.
 */
export function installedFile(relativePath: string): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const candidate = join(folder, relativePath);
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder)) {
      throw new ServiceError('PACK_NOT_WRITTEN', { pack: 'none', reason: `the installation lacks ${relativePath}` });
    }
  }
}

/** A file of `templates/` as text. */
export async function templateText(name: string): Promise<string> {
  return await readFile(installedFile(join('templates', name)), 'utf8');
}
