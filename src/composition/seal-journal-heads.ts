import { canonicalJson } from '../provenance/canonical-json.ts';
import { sealEnvelope } from '../evidence/pack/dsse-envelope.ts';
import type { RecordStore } from '../records/record-store.ts';
import { headOf, readRetention } from '../retention/retention-record.ts';
import { journalHeads } from '../rotation/journal/target-journal.ts';
import { ServiceError } from '../service-error.ts';
import type { Composition } from './composition.ts';

/** What a seal over journal heads states: `payloadType` of its DSSE envelope. */
export const headsPayloadType = 'application/vnd.keyturn.journal-heads+json';

/** Where the heads of a day are sealed. */
export function headsPath(at: Date): string {
  return `heads/${at.toISOString().slice(0, 10)}.dsse.json`;
}

/**
 * Seals the newest entry of every target's chain and of the record of deletions, once a day, so that one that is rolled back or rewritten
 * later disagrees with the seal. Returns how many heads it sealed; 0 if the seal of the day exists.
 */
export async function sealJournalHeads({
  records,
  signer,
  now,
}: Pick<Composition, 'signer' | 'now'> & { readonly records: RecordStore }): Promise<number> {
  const at = now();
  if ((await records.read(headsPath(at))) !== null) return 0;
  const heads = await journalHeads(records);
  const deletions = await readRetention(records);
  const retention = { entries: deletions.length, head: headOf(deletions) };
  const payload = canonicalJson({
    format: 1,
    at: at.toISOString(),
    heads: heads.map((head) => ({ ...head })),
    retention,
  });
  const sealed = await sealEnvelope(await signer(), headsPayloadType, Buffer.from(payload));
  try {
    await records.create(headsPath(at), sealed);
  } catch (error) {
    // Another instance sealed this day first; its seal counts.
    if (!ServiceError.is(error, 'RECORD_EXISTS')) throw error;
    return 0;
  }
  return heads.length;
}
