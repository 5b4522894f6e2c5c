import { z } from 'zod';
import { parseRecord, recordedTime } from '../records/parse-record.ts';
import type { RecordStore } from '../records/record-store.ts';
import { dayMs } from '../secrets/duration.ts';
import { type RetentionKindName, retentionKinds } from './retention-kinds.ts';
import type { RetentionUnit } from './retention-unit.ts';

/** Units of one kind that end before a moment. A record whose name or content says no time is in none. */
export async function* unitsBefore(
  records: RecordStore,
  kind: RetentionKindName,
  before: Date,
): AsyncGenerator<RetentionUnit> {
  for (const folder of retentionKinds[kind].folders) yield* datedUnits(records, kind, folder, before);
  if (kind === 'downloads') yield* downloads(records, before);
  if (kind === 'notifications') yield* settledMessages(records, before);
  if (kind === 'journals') {
    yield* sessions(records, 'broker/', before);
    yield* sessions(records, 'grants/', before);
  }
}

/** Lower folders that are named by a day or a month, oldest first: the first that is too young ends the list. */
async function* datedUnits(
  records: RecordStore,
  kind: RetentionKindName,
  folder: string,
  before: Date,
): AsyncGenerator<RetentionUnit> {
  for await (const paths of byFolder(records, folder)) {
    const name = folderOf(paths, folder);
    const span = spanNamed(name.slice(folder.length, -1));
    if (span === null) continue;
    if (span.to > before) return;
    yield { kind, name, ...span, paths };
  }
}

/** The day or the month of a name such as `2026-03-09` or `2026-03`. */
function spanNamed(name: string): { readonly from: Date; readonly to: Date } | null {
  const [, year, month, day] = /^(\d{4})-(\d\d)(?:-(\d\d))?$/.exec(name) ?? [];
  if (year === undefined || month === undefined) return null;
  const from = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day ?? 1)));
  const to = day === undefined ? Date.UTC(Number(year), Number(month), 1) : from.getTime() + dayMs;
  return { from, to: new Date(to) };
}

/** Downloads of a pack: `downloads/PACK/2026-03-09T15-00-00-000Z-….json`. */
async function* downloads(records: RecordStore, before: Date): AsyncGenerator<RetentionUnit> {
  const byPack = new Map<string, { at: Date; path: string }[]>();
  for await (const path of records.list('downloads/')) {
    const [, pack = '', day = ''] = /^(downloads\/[^/]+\/)(\d{4}-\d\d-\d\d)T/.exec(path) ?? [];
    const at = new Date(Date.parse(day) + dayMs);
    if (at <= before) byPack.set(pack, [...(byPack.get(pack) ?? []), { at, path }]);
  }
  for (const [name, found] of byPack) yield unitOf('downloads', name, found);
}

const settledShape = z.object({ at: recordedTime });

async function* settledMessages(records: RecordStore, before: Date): AsyncGenerator<RetentionUnit> {
  const byChannel = new Map<string, { at: Date; path: string }[]>();
  for await (const path of records.list('notifications/')) {
    const [, folder] = /^(notifications\/[^/]+\/settled\/)/.exec(path) ?? [];
    if (folder === undefined) continue;
    const at = await timeIn(records, path);
    if (at !== null && at < before) byChannel.set(folder, [...(byChannel.get(folder) ?? []), { at, path }]);
  }
  for (const [name, found] of byChannel) yield unitOf('notifications', name, found);
}

/**
 * Journals of the broker, each as a whole, newest entry first. Task ids grow: of one Gitea, the first session that is too young
 * ends the list.
 */
async function* sessions(records: RecordStore, folder: string, before: Date): AsyncGenerator<RetentionUnit> {
  let over = '';
  for await (const paths of byFolder(records, folder)) {
    const [oldest = ''] = paths;
    const name = folderOf(paths, folder);
    const instance = name.slice(folder.length).split('-')[0] ?? '';
    if (instance === over) continue;
    const [from, at] = [await timeIn(records, oldest), await timeIn(records, paths.at(-1) ?? '')];
    if (from === null || at === null) continue;
    const to = new Date(at.getTime() + 1);
    if (to > before) over = instance;
    else yield { kind: 'journals', name, from, to, paths: paths.toReversed() };
  }
}

/** The paths in each lower folder of a folder, in order. */
async function* byFolder(records: RecordStore, folder: string): AsyncGenerator<readonly string[]> {
  let paths: string[] = [];
  for await (const path of records.list(folder)) {
    if (paths.length > 0 && folderOf([path], folder) !== folderOf(paths, folder)) {
      yield paths;
      paths = [];
    }
    paths.push(path);
  }
  if (paths.length > 0) yield paths;
}

/** The lower folder of paths that have one in common, with its slash. */
function folderOf([path = '']: readonly string[], folder: string): string {
  return `${folder}${path.slice(folder.length).split('/')[0] ?? ''}/`;
}

async function timeIn(records: RecordStore, path: string): Promise<Date | null> {
  const stored = await records.read(path);
  return stored === null ? null : new Date(parseRecord(settledShape, stored.bytes, path).at);
}

function unitOf(
  kind: RetentionKindName,
  name: string,
  found: readonly { readonly at: Date; readonly path: string }[],
): RetentionUnit {
  const times = found.map(({ at }) => at.getTime());
  const [from, to] = [new Date(Math.min(...times)), new Date(Math.max(...times) + 1)];
  return { kind, name, from, to, paths: found.map(({ path }) => path) };
}
