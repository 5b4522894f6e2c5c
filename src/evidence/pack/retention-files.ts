import { canonicalJson } from '../../provenance/canonical-json.ts';
import type { RetentionOnRecord } from '../../retention/history/retention-of-period.ts';
import { asJson } from './data-files.ts';
import type { PackFile } from './pack-file.ts';
import { rowFile } from './row-file.ts';
import type { PackSink } from './pack-sink.ts';

/** Writes what was deleted by rules of retention, and what was held, so that absent evidence is told from what never was. */
export async function writeRetentionFiles(
  sink: PackSink,
  { deletions, holds }: RetentionOnRecord,
): Promise<readonly PackFile[]> {
  const files = [
    { name: 'deletions', description: 'Every deletion of records by a rule of retention', rows: deletions },
    { name: 'holds', description: 'Every hold that prevents deletions', rows: holds },
  ] as const;
  const written: PackFile[] = [];
  for (const { name, description, rows } of files) {
    const file = rowFile(sink, { name, extension: 'ndjson', description });
    for (const row of rows) await file.add(canonicalJson(asJson(row)));
    written.push(...(await file.close()));
  }
  return written;
}
