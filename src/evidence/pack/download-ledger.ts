import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson, type JsonValue } from '../../provenance/canonical-json.ts';
import { compareText } from '../../provenance/compare-text.ts';
import { parsePerson, type Person } from '../../provenance/person.ts';
import { parseRecord, recordedTime } from '../../records/parse-record.ts';
import type { RecordStore } from '../../records/record-store.ts';

/** One file of a pack that a person took from the portal. */
export interface PackDownload {
  readonly format: 1;
  readonly at: string;
  readonly by: Person;
  readonly pack: string;
  readonly file: string;
}

const downloadShape: z.ZodType<PackDownload> = z.object({
  format: z.literal(1),
  at: recordedTime,
  by: z.unknown().transform((value, context): Person => {
    const person = parsePerson(value);
    if (person !== null) return person;
    context.addIssue('is not a person');
    return z.NEVER;
  }),
  pack: z.string(),
  file: z.string(),
});

/** Records a download, in a record of its own: two at once never wait for each other. Rejects as the record store does. */
export async function recordPackDownload(records: RecordStore, download: Omit<PackDownload, 'format'>): Promise<void> {
  const record: PackDownload = { format: 1, ...download };
  const time = record.at.replaceAll(/[:.]/g, '-');
  const path = `downloads/${record.pack}/${time}-${randomUUID()}.json`;
  const content = JSON.parse(JSON.stringify(record)) as JsonValue;
  await records.create(path, new TextEncoder().encode(`${canonicalJson(content)}\n`));
}

/** The downloads of a pack, newest first. @throws ServiceError `RECORD_UNREADABLE` for a record of another form. */
export async function packDownloads(records: RecordStore, pack: string): Promise<readonly PackDownload[]> {
  const found: PackDownload[] = [];
  for await (const path of records.list(`downloads/${pack}/`)) {
    const stored = await records.read(path);
    if (stored !== null) found.push(parseRecord(downloadShape, stored.bytes, path));
  }
  return found.sort((one, other) => compareText(other.at, one.at));
}
