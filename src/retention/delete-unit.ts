import { hash } from 'node:crypto';
import { z } from 'zod';
import { checkRecord, parseRecordLines } from '../records/parse-record.ts';
import type { RecordStore } from '../records/record-store.ts';
import { ServiceError } from '../service-error.ts';
import { holdOn, standingHolds } from './holds.ts';
import type { RetentionEntry, RetentionFacts } from './retention-entry.ts';
import { appendRetention, readRetention } from './retention-record.ts';
import type { RetentionUnit } from './retention-unit.ts';

type Deletion = Extract<RetentionFacts, { readonly act: 'delete' }>;

interface Listed {
  readonly path: string;
  readonly sha256: string;
}

interface Ports {
  readonly records: RecordStore;
  readonly now: () => Date;
  /** What must forget a journal before it goes, such as an index. */
  readonly forget: (unit: string) => Promise<void>;
}

/**
 * Deletes a unit: its records are listed with their digests, the deletion is put on record, the records go one by one, and that is
 * put on record. A process that dies anywhere between leaves what `finishDeletions` goes on with. Returns how many records went,
 * or `null` if another process has put something on record since `entries` were read: nothing is deleted then.
 */
export async function deleteUnit(
  ports: Ports,
  entries: readonly RetentionEntry[],
  { unit, rule }: { readonly unit: RetentionUnit; readonly rule: string },
): Promise<{ readonly entries: readonly RetentionEntry[]; readonly records: number } | null> {
  const { records, now } = ports;
  const listed = await digestsOf(records, unit.paths);
  const facts: Deletion = {
    act: 'delete',
    kind: unit.kind,
    name: unit.name,
    from: unit.from.toISOString(),
    to: unit.to.toISOString(),
    rule,
    records: listed.length,
    list: await writeList(records, listed),
  };
  const after = await appendRetention(records, entries, { at: now(), facts });
  const begun = after?.at(-1);
  if (after === null || begun === undefined) return null;
  const outcome = await remove(ports, facts, listed);
  const done = { at: now(), facts: { act: 'deleted', of: begun.number, ...outcome } } as const;
  const closed = await appendRetention(records, after, done);
  return closed === null ? null : { entries: closed, records: outcome.records };
}

/**
 * Finishes what a process that died has begun to delete. What a hold holds by now stays, and that is put on record. Returns every
 * entry after that.
 */
export async function finishDeletions(ports: Ports): Promise<readonly RetentionEntry[]> {
  for (;;) {
    const entries = await readRetention(ports.records);
    const begun = unfinishedDeletion(entries);
    if (begun === null) return entries;
    const { number, facts } = begun;
    const isHeld = holdOn(standingHolds(entries), { from: new Date(facts.from), to: new Date(facts.to) }) !== null;
    const listed = await readList(ports.records, facts.list);
    const outcome = isHeld ? await stillThere(ports.records, listed) : await remove(ports, facts, listed);
    // Another process that finishes it too has said so: the next look finds it.
    await appendRetention(ports.records, entries, {
      at: ports.now(),
      facts: { act: 'deleted', of: number, ...outcome },
    });
  }
}

function unfinishedDeletion(
  entries: readonly RetentionEntry[],
): { readonly number: number; readonly facts: Deletion } | null {
  const finished = new Set(entries.flatMap(({ facts }) => (facts.act === 'deleted' ? [facts.of] : [])));
  for (const { number, facts } of entries)
    if (facts.act === 'delete' && !finished.has(number)) return { number, facts };
  return null;
}

async function digestsOf(records: RecordStore, paths: readonly string[]): Promise<readonly Listed[]> {
  const listed: Listed[] = [];
  for (const path of paths) {
    const stored = await records.read(path);
    if (stored !== null) listed.push({ path, sha256: hash('sha256', stored.bytes) });
  }
  return listed;
}

/** Removes what still is as it was listed. A record that changed stays; of a journal that goes on, everything that is left stays. */
async function remove(
  { records, forget }: Ports,
  { kind, name }: Deletion,
  listed: readonly Listed[],
): Promise<{ readonly records: number; readonly kept: number }> {
  if (kind === 'journals') await forget(name);
  let kept = 0;
  for (const [index, { path, sha256 }] of listed.entries()) {
    if (await removed(records, path, sha256)) continue;
    if (kind === 'journals') return { records: index - kept, kept: listed.length - index };
    kept += 1;
  }
  return { records: listed.length - kept, kept };
}

/** Returns `false` if the record is another than the one that was listed. One that is gone was removed before. */
async function removed(records: RecordStore, path: string, sha256: string): Promise<boolean> {
  const stored = await records.read(path);
  if (stored === null) return true;
  if (hash('sha256', stored.bytes) !== sha256) return false;
  try {
    await records.remove(path, stored.revision);
    return true;
  } catch (error) {
    if (ServiceError.is(error, 'RECORD_CHANGED')) return false;
    throw error;
  }
}

async function stillThere(
  records: RecordStore,
  listed: readonly Listed[],
): Promise<{ readonly records: number; readonly kept: number }> {
  let kept = 0;
  for (const { path } of listed) if ((await records.read(path)) !== null) kept += 1;
  return { records: listed.length - kept, kept };
}

const listedShape: z.ZodType<Listed> = z.object({ path: z.string(), sha256: z.string() });

function listPath(digest: string): string {
  return `retention/lists/${digest}.ndjson`;
}

/** Writes the list under its own digest, so that two processes that list the same write the same. Returns the digest. */
async function writeList(records: RecordStore, listed: readonly Listed[]): Promise<string> {
  const bytes = new TextEncoder().encode(listed.map((one) => `${JSON.stringify(one)}\n`).join(''));
  const digest = hash('sha256', bytes);
  try {
    await records.create(listPath(digest), bytes);
  } catch (error) {
    if (!ServiceError.is(error, 'RECORD_EXISTS')) throw error;
  }
  return digest;
}

/** @throws ServiceError `RECORD_UNREADABLE` for a list that is not the one that was put on record. */
async function readList(records: RecordStore, digest: string): Promise<readonly Listed[]> {
  const path = listPath(digest);
  const stored = await records.read(path);
  if (stored === null || hash('sha256', stored.bytes) !== digest)
    throw new ServiceError('RECORD_UNREADABLE', { path, reason: 'it is not the list that was put on record' });
  return parseRecordLines(stored.bytes, path).map((line, index) =>
    checkRecord(listedShape, line, path, `line ${String(index + 1)}`),
  );
}
