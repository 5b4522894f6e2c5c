import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { packRowShapes } from './pack-row-shapes.ts';

/** The shapes by the name of the file. */
export const shapesOfRows: ReadonlyMap<string, z.ZodObject> = new Map<string, z.ZodObject>(
  Object.entries(packRowShapes),
);

/** The rows of a pack's uncompressed files, by the name of the file. */
export function rowsOfPack(pack: string): ReadonlyMap<string, readonly string[]> {
  const files = readdirSync(pack).filter((file) => file.endsWith('.ndjson'));
  return new Map(
    files.map((file) => [
      file.replace('.ndjson', ''),
      readFileSync(join(pack, file), 'utf8')
        .split('\n')
        .filter((line) => line !== ''),
    ]),
  );
}

/**
 * What docs/formats.md does not say of the rows of a pack: a file that it does not describe, a member that is not what it says,
 * a journal whose head is not that of its entries. Empty if it says everything.
 */
export function packRowFaults(pack: string): readonly string[] {
  const faults: string[] = [];
  const rows = rowsOfPack(pack);
  for (const [name, lines] of rows) {
    if (name === 'journal-entries') continue;
    const shape = shapesOfRows.get(name);
    if (shape === undefined) faults.push(`${name} is not described`);
    for (const line of lines) {
      const issue = shape?.safeParse(JSON.parse(line)).error?.issues[0];
      if (issue !== undefined) faults.push(`${name}: ${issue.message} at ${issue.path.join('.')}: ${line}`);
    }
  }
  const digests = new Set(rows.get('journal-entries')?.map((line) => createHash('sha256').update(line).digest('hex')));
  for (const line of rows.get('journals') ?? []) {
    if (!digests.has((JSON.parse(line) as { head: string }).head)) faults.push(`no entry has the head of ${line}`);
  }
  return faults;
}

const idMembers = ['vault', 'correlationId', 'operation', 'status', 'secret', 'requestedVersion', 'at'] as const;

/** The id of a row, by the words of docs/formats.md alone. */
export function recomputedId(row: Record<(typeof idMembers)[number], string | number | null>): string {
  const text = idMembers.map((member) => row[member] ?? '').join('\n');
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
