import { installedFile } from '../../evidence/report/template-folder.ts';

/** The program of the fetch helper: the one that the package brings, with its code cache; of sources, that of the action. */
export function installedHelper(): string {
  return installedFile('fetch/keyturn-fetch.cjs', 'action/dist/keyturn-fetch.cjs');
}
