import { hash } from 'node:crypto';
import type { RecordStore } from '../../src/records/record-store.ts';
import type { RetentionTools } from '../../src/retention/apply-retention.ts';
import { usualRetention } from '../../src/retention/retention-kinds.ts';
import { memoryRecordStore } from '../memory-record-store.ts';

const dayMs = 86_400_000;

/** Records of three years, of which the first two are sealed, and what the deletion works with. */
export function retentionWorld(change: Partial<RetentionTools> = {}) {
  const records = memoryRecordStore();
  const clock = { now: new Date('2029-06-15T02:30:00Z') };
  const forgotten: string[] = [];
  const tools: RetentionTools = {
    records,
    now: () => clock.now,
    rules: { ...usualRetention, slices: 365 * dayMs, jobs: 365 * dayMs, receipts: 365 * dayMs },
    sealed: [
      { from: new Date('2026-01-01T00:00:00Z'), to: new Date('2027-01-01T00:00:00Z') },
      { from: new Date('2027-01-01T00:00:00Z'), to: new Date('2028-01-01T00:00:00Z') },
    ],
    async *finishedJournals() {
      yield* await Promise.resolve([]);
    },
    forget: (unit) => {
      forgotten.push(unit);
      return Promise.resolve();
    },
    ...change,
  };
  return { records, clock, tools, forgotten };
}

export async function put(records: RecordStore, path: string, value: object = { path }): Promise<void> {
  await records.create(path, Buffer.from(`${JSON.stringify(value)}\n`));
}

export async function pathsIn(records: RecordStore, prefix = ''): Promise<string[]> {
  const found: string[] = [];
  for await (const path of records.list(prefix)) if (!path.startsWith('retention/')) found.push(path);
  return found;
}

/** The records that the lists of all deletions name, with their digests. */
export async function listedIn(records: RecordStore): Promise<Map<string, string>> {
  const listed = new Map<string, string>();
  for await (const path of records.list('retention/lists/')) {
    const text = Buffer.from((await records.read(path))?.bytes ?? []).toString();
    for (const line of text.split('\n').filter((one) => one !== '')) {
      const one = JSON.parse(line) as { path: string; sha256: string };
      listed.set(one.path, one.sha256);
    }
  }
  return listed;
}

export function digestOf(value: object): string {
  return hash('sha256', `${JSON.stringify(value)}\n`);
}
