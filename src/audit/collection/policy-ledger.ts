import { hash } from 'node:crypto';
import { z } from 'zod';
import { recordedTime } from '../../records/parse-record.ts';
import type { RecordStore } from '../../records/record-store.ts';
import type { PolicyRecord } from '../model/audited-period.ts';
import { createJson, readStoredJson } from './stored-json.ts';

const policyShape = z.object({
  format: z.literal(1),
  loadedAt: recordedTime,
  sha256: z.string(),
  text: z.string(),
});

/**
 * Keeps the text of a policy that was loaded, unless it is the newest on record. `text` is empty while no policy is
 * configured. Returns whether it is new.
 */
export async function recordPolicy(records: RecordStore, text: string, loadedAt: Date): Promise<boolean> {
  const sha256 = hash('sha256', text);
  const newest = (await policiesOn(records)).at(-1);
  if (newest?.sha256 === sha256) return false;
  // Two processes that load the same policy at once write the same record.
  const time = loadedAt.toISOString().replaceAll(/[:.]/g, '-');
  const record = { format: 1, loadedAt: loadedAt.toISOString(), sha256, text };
  return await createJson(records, `policies/${time}-${sha256.slice(0, 12)}.json`, record);
}

/** All policies that were ever loaded, oldest first. */
export async function policiesOn(records: RecordStore): Promise<readonly PolicyRecord[]> {
  const found: PolicyRecord[] = [];
  for await (const path of records.list('policies/')) {
    const stored = await readStoredJson(records, path, policyShape);
    if (stored === null) continue;
    const { loadedAt, sha256, text } = stored.value;
    // Workers that load one policy at once may each have written it.
    if (found.at(-1)?.sha256 !== sha256) found.push({ loadedAt, sha256, text });
  }
  return found;
}
