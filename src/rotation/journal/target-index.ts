import { type JsonValue, canonicalJson } from '../../provenance/canonical-json.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import { type Head, isOlder } from './kept-head.ts';
import { journalTargets } from './target-journal.ts';

/** What a pass must know of one target without reading its journal. */
export interface IndexedTarget {
  /** `vault/name`, ascending. */
  readonly members: readonly string[];
  /** Whether something is under way, or waits for its end. */
  readonly open: boolean;
  /** When it is to be looked at next, by the vault's clock; `null` when nothing is waited for. */
  readonly wakeAt: string | null;
  /** When the value in force was last shown to work. */
  readonly checkedAt: string | null;
  /** The newest entry of its journal: one that is shorter was set back, until it was rebuilt. */
  readonly head: Head | null;
  /** The newest version of each secret that the journal knows. */
  readonly current: Readonly<Record<string, string>>;
  /** Digest of the bindings that it was last judged by: when the policy changes, it is looked at again. */
  readonly judgedBy: string;
}

export type TargetIndex = ReadonlyMap<string, IndexedTarget>;

const path = 'rotation/targets.json';

/** What a target is known as that was never worked on. */
export function unknownTarget(members: readonly string[]): IndexedTarget {
  return { members, open: true, wakeAt: null, checkedAt: null, head: null, current: {}, judgedBy: '' };
}

/**
 * The index of all targets, by key. One that is lost, or cannot be read, is made again: every target that has a journal is open
 * until it was looked at.
 */
export async function readIndex(records: RecordStore): Promise<TargetIndex> {
  return (await read(records)).index;
}

/**
 * Changes the index, however many workers do. `change` is called again when another was faster; it must not act on anything
 * else. @throws ServiceError `RECORD_CHANGED` when others are always faster.
 */
export async function changeIndex(records: RecordStore, change: (index: TargetIndex) => TargetIndex): Promise<void> {
  for (let tries = 0; tries < 50; tries += 1) {
    const { index, revision } = await read(records);
    const after = change(index);
    if (after === index) return;
    const bytes = new TextEncoder().encode(`${canonicalJson(toJson(after))}\n`);
    try {
      if (revision === null) await records.create(path, bytes);
      else await records.replace(path, bytes, revision);
      return;
    } catch (error) {
      if (!ServiceError.is(error, 'RECORD_EXISTS') && !ServiceError.is(error, 'RECORD_CHANGED')) throw error;
    }
  }
  throw new ServiceError('RECORD_CHANGED', { path });
}

/** The index with what was learnt of some targets; of two that looked at one, the one that knows more entries is believed. */
export function withTargets(index: TargetIndex, learnt: TargetIndex): TargetIndex {
  const after = new Map(index);
  for (const [key, target] of learnt) {
    const before = after.get(key);
    if (!isOlder(target.head, before?.head ?? null)) after.set(key, target);
  }
  return after;
}

async function read(records: RecordStore): Promise<{ index: TargetIndex; revision: string | null }> {
  const record = await records.read(path);
  const index = record === null ? null : parse(record.bytes);
  if (index !== null) return { index, revision: record?.revision ?? null };
  const found = new Map<string, IndexedTarget>();
  for await (const target of journalTargets(records)) found.set(target, unknownTarget([]));
  return { index: found, revision: record?.revision ?? null };
}

function toJson(index: TargetIndex): JsonValue {
  const targets = Object.fromEntries([...index].map(([key, target]) => [key, { ...target }]));
  return JSON.parse(JSON.stringify({ format: 1, targets })) as JsonValue;
}

function parse(bytes: Uint8Array): TargetIndex | null {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || !('targets' in value)) return null;
  const { targets } = value;
  if (typeof targets !== 'object' || targets === null) return null;
  const entries = Object.entries(targets as Record<string, unknown>);
  return entries.every((entry): entry is [string, IndexedTarget] => isIndexed(entry[1])) ? new Map(entries) : null;
}

function isIndexed(value: unknown): value is IndexedTarget {
  if (typeof value !== 'object' || value === null) return false;
  const { members, open, wakeAt, checkedAt, head, current, judgedBy } = value as Partial<Record<string, unknown>>;
  const isText = (one: unknown) => one === null || typeof one === 'string';
  return (
    Array.isArray(members) &&
    typeof open === 'boolean' &&
    isText(wakeAt) &&
    isText(checkedAt) &&
    typeof head === 'object' &&
    typeof current === 'object' &&
    typeof judgedBy === 'string'
  );
}
