import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { recordedTime } from '../../records/parse-record.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { writeRecord } from '../../records/write-record.ts';
import { ServiceError } from '../../service-error.ts';
import type { ReportingPeriod } from '../model/audited-period.ts';
import type { OwnRead } from '../model/own-read.ts';
import { dayOf, daysOf } from '../model/calendar.ts';
import { createJson, readStoredJson } from './stored-json.ts';

const ownReadShape = z
  .object({
    format: z.literal(1),
    vault: z.string(),
    secret: z.string(),
    version: z.string(),
    at: recordedTime,
    purpose: z.enum(['setting', 'issuer']),
  })
  .transform(({ vault, secret, version, at, purpose }): OwnRead => ({ vault, secret, version, at, purpose }));

const dayOfChecksShape = z.object({
  format: z.literal(1),
  vault: z.string(),
  secret: z.string(),
  reads: z.array(z.object({ version: z.string(), at: recordedTime })),
});

/** The folder, in that of a day, of the records of checks. */
const checks = 'checks';

/** Records are written before the read, and the log's row comes after it. */
const edgeMs = 60_000;

/** Records that Keyturn is about to read. The caller reads only after this has succeeded, so that no read is unrecorded. */
export async function recordOwnRead(
  records: RecordStore,
  read: OwnRead & { readonly purpose: 'setting' | 'issuer' },
): Promise<void> {
  const at = new Date(read.at);
  const path = `own-reads/${dayOf(at)}/${at.toISOString().slice(11).replace(/\D/g, '')}-${randomUUID()}.json`;
  await createJson(records, path, { format: 1, ...read });
}

/**
 * Records that Keyturn is about to read a value, to try or to rotate it. A secret has one record a day, which lists its reads in
 * the order of their recording.
 * @throws ServiceError `RECORD_UNREADABLE`, or `RECORD_CHANGED` when others are always faster.
 */
export async function recordCheck(
  records: RecordStore,
  { vault, secret, version, at }: Omit<OwnRead, 'purpose'>,
): Promise<void> {
  const path = `own-reads/${dayOf(new Date(at))}/${checks}/${vault}/${secret}.json`.toLowerCase();
  for (let tries = 0; tries < 20; tries += 1) {
    const stored = await readStoredJson(records, path, dayOfChecksShape);
    const reads = [...(stored?.value.reads ?? []), { version, at }];
    if ((await writeRecord(records, path, { format: 1, vault, secret, reads }, stored?.revision ?? null)) !== null)
      return;
  }
  throw new ServiceError('RECORD_CHANGED', { path });
}

/** Keyturn's own reads around the period, in no promised order. @throws ServiceError `RECORD_UNREADABLE`: evidence must not pass over one. */
export async function ownReads(records: RecordStore, { from, to }: ReportingPeriod): Promise<readonly OwnRead[]> {
  const found: OwnRead[] = [];
  const wide = { from: new Date(from.getTime() - edgeMs), to: new Date(to.getTime() + edgeMs) };
  for (const day of daysOf(wide)) {
    for await (const path of records.list(`own-reads/${day}/`)) {
      if (path.startsWith(`own-reads/${day}/${checks}/`)) found.push(...(await checksIn(records, path)));
      else {
        const stored = await readStoredJson(records, path, ownReadShape);
        if (stored !== null) found.push(stored.value);
      }
    }
  }
  return found;
}

async function checksIn(records: RecordStore, path: string): Promise<readonly OwnRead[]> {
  const stored = await readStoredJson(records, path, dayOfChecksShape);
  if (stored === null) return [];
  const { vault, secret, reads } = stored.value;
  return reads.map(({ version, at }) => ({ vault, secret, version, at, purpose: 'check' }));
}
