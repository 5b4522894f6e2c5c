import type { RecordStore } from '../../records/record-store.ts';
import type { ReportingPeriod } from '../model/audited-period.ts';
import type { Retrieval } from '../model/retrieval.ts';
import { memoize } from '../parsing/memoize.ts';
import { periodRows } from './period-rows.ts';

/** What one identity read of one secret. */
interface ReaderReads {
  /** Lower-case object id. */
  readonly objectId: string;
  readonly vault: string;
  readonly secret: string;
  readonly count: number;
  readonly lastAt: string;
  /** Ids of the role assignments that allowed the reads, as the vault logged them. */
  readonly assignments: readonly string[];
}

/** Reads by identity and secret, over a span of rows on record. */
export interface ReadsOnRecord {
  see(retrieval: Retrieval): void;
  /** Adds reads that were counted elsewhere. */
  add(reads: ReaderReads): void;
  /** Whether the identity read the secret, or any secret of the vault (`null`), or through this assignment. */
  hasRead(objectId: string, vault: string, secret: string | null): boolean;
  all(): readonly ReaderReads[];
}

interface GrowingReads extends ReaderReads {
  count: number;
  lastAt: string;
  readonly assignments: string[];
}

export function createReadsOnRecord(): ReadsOnRecord {
  const reads = new Map<string, GrowingReads>();
  const vaults = new Set<string>();
  const add = ({ objectId, vault, secret, count, lastAt, assignments }: ReaderReads) => {
    const key = keyOf(objectId, vault, secret);
    const known = reads.get(key);
    if (known === undefined) {
      vaults.add(keyOf(objectId, vault, ''));
      reads.set(key, { objectId, vault, secret, count, lastAt, assignments: [...assignments] });
      return;
    }
    known.count += count;
    if (known.lastAt < lastAt) known.lastAt = lastAt;
    for (const one of assignments) if (!known.assignments.includes(one)) known.assignments.push(one);
  };
  return {
    add,
    see({ kind, identity, vault, secret, at, roleAssignment }) {
      if (kind !== 'read' || identity.objectId === null || secret === null) return;
      const assignments = roleAssignment === null ? [] : [roleAssignment];
      const names = { objectId: identity.objectId, vault: vault.toLowerCase(), secret: secret.toLowerCase() };
      add({ ...names, count: 1, lastAt: at, assignments });
    },
    hasRead: (objectId, vault, secret) =>
      secret === null ? vaults.has(keyOf(objectId, vault, '')) : reads.has(keyOf(objectId, vault, secret)),
    all: () => [...reads.values()],
  };
}

/** Reads the rows of a span once, with one day in memory at a time. */
export async function readsOnRecord(records: RecordStore, span: ReportingPeriod): Promise<ReadsOnRecord> {
  const reads = createReadsOnRecord();
  if (span.from >= span.to) return reads;
  for await (const { retrievals } of periodRows(records, span)) for (const one of retrievals) reads.see(one);
  return reads;
}

function keyOf(objectId: string, vault: string, secret: string): string {
  return lowerCase(`${objectId}\n${vault}/${secret}`);
}

const lowerCase = memoize((text) => text.toLowerCase());
