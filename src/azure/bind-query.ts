import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { Vault } from '../secrets/secret-reference.ts';
import { ServiceError } from '../service-error.ts';

/** A query file with its digest, which a report names and an auditor compares. */
export interface QueryFile {
  readonly name: string;
  readonly text: string;
  readonly sha256: string;
}

/** The parameters of a query. Half-open, UTC. */
export interface QueryBounds {
  readonly from: Date;
  readonly to: Date;
  readonly vaults: readonly Vault[];
}

// Beside this file in the sources; in a bundle, in `dist` or one folder below it.
const folders = ['./', '../src/azure/', '../../src/azure/'];

/**
 * Reads a `.kql` file of this folder.
 * @throws ServiceError `RECORD_UNREADABLE` if the installation lacks it, because nothing can be audited without it.
 */
export function readQueryFile(name: string): QueryFile {
  const found = folders.map((folder) => new URL(`${folder}${name}`, import.meta.url)).find((url) => existsSync(url));
  if (found === undefined) throw new ServiceError('RECORD_UNREADABLE', { path: name, reason: 'not installed' });
  const bytes = readFileSync(found);
  return { name, text: bytes.toString('utf8'), sha256: createHash('sha256').update(bytes).digest('hex') };
}

/**
 * Inserts the parameters into a query. Keyturn formats the times; names and ids become JSON inside `dynamic(…)`, so
 * that a quote in a vault's id stays text. Vaults with a resource id are matched by it, the others by name.
 */
export function bindQuery({ text }: QueryFile, { from, to, vaults }: QueryBounds): string {
  const ids = vaults.flatMap(({ resourceId }) => (resourceId === null ? [] : [resourceId.toLowerCase()]));
  const names = vaults.filter(({ resourceId }) => resourceId === null).map(({ name }) => name.toLowerCase());
  const values: Readonly<Record<string, string>> = {
    from: from.toISOString(),
    to: to.toISOString(),
    ids: literal(ids),
    names: literal(names),
  };
  return text.replace(/\{\{(\w+)\}\}/g, (place, name: string) => values[name] ?? place);
}

/** JSON in printable ASCII, which `dynamic(…)` can read whatever the names contain. */
function literal(list: readonly string[]): string {
  return JSON.stringify(list).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
