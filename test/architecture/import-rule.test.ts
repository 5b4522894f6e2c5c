import { globSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cyclesIn, type Import, importsIn } from './import-graph.ts';
import { doors, hosts, inside } from './rooms.ts';

const imports = importsIn('src', 'embedded', 'functions');

describe('the import rule', () => {
  it('lets rooms import each other through their doors only', () => {
    expect(imports.filter(isThroughWall).map(sentence)).toEqual([]);
  });

  it.each<Import>([
    ['src/rotation/drive-target.ts', 'src/azure/key-vault-secret-store.ts'],
    ['src/evidence/pack/zip-pack.ts', 'src/audit/attribution/attribute-retrievals.ts'],
    ['src/audit/audit-period.ts', 'src/rotation/journal/target-journal.ts'],
    ['src/azure/canary-reader.ts', 'src/audit/collection/canary-ledger.ts'],
    ['src/runner/main.ts', 'src/records/record-store.ts'],
    ['src/new-room/any.ts', 'src/service-error.ts'],
  ])('goes red when %s imports %s', (from, to) => {
    expect(isThroughWall([from, to])).toBe(true);
  });

  it('lets the rooms inside a room import each other as its table says', () => {
    expect(imports.filter(isThroughInnerWall).map(sentence)).toEqual([]);
  });

  it.each<Import>([
    ['src/audit/model/job.ts', 'src/audit/collection/job-ledger.ts'],
    ['src/audit/attribution/rules/stamp-rule.ts', 'src/audit/attribution/attribute-retrievals.ts'],
    ['src/issuers/databases/two-users-issuer.ts', 'src/issuers/gitea/gitea-hook.ts'],
    ['src/runner/redaction/masks.ts', 'src/runner/main.ts'],
    ['embedded/azure/vault/list-secrets.ts', 'embedded/azure/kusto/kusto-value.ts'],
  ])('goes red when, inside a room, %s imports %s', (from, to) => {
    expect(isThroughInnerWall([from, to])).toBe(true);
  });

  it('names in its tables only rooms and files that there are', () => {
    const there = new Set(globSync(['src/**', 'embedded/**']));
    const named = Object.entries(inside).flatMap(([room, table]) =>
      Object.entries(table).flatMap(([part, open]) => [part, ...open].map((name) => `${room}/${name}`)),
    );
    expect(named.filter((path) => !there.has(path))).toEqual([]);
    expect(Object.keys(doors).filter((room) => !there.has(`src/${room}`))).toEqual([]);
  });

  it('refuses circles of files, of sub-rooms and of rooms, those of types alone included', () => {
    expect(cyclesIn(imports)).toEqual([]);
  });

  it('goes red for each kind of circle', () => {
    const files: Import[] = [
      ['src/web/who.ts', 'src/web/sessions.ts'],
      ['src/web/sessions.ts', 'src/web/who.ts'],
    ];
    const subRooms: Import[] = [
      ['src/audit/period/a.ts', 'src/audit/model/b.ts'],
      ['src/audit/model/c.ts', 'src/audit/find.ts'],
      ['src/audit/find.ts', 'src/audit/period/d.ts'],
    ];
    const rooms: Import[] = [
      ['src/web/a.ts', 'src/audit/b.ts'],
      ['src/audit/c.ts', 'src/web/d.ts'],
    ];
    expect(cyclesIn([...files, ...subRooms, ...rooms])).toEqual([
      'src/web: sessions.ts, who.ts',
      'src/audit: find.ts, model, period',
      'src: audit, web',
    ]);
  });

  it('keeps the embedded cloud free of the code it stands in for', () => {
    expect(imports.filter(([from, to]) => from.startsWith('embedded/') && !to.startsWith('embedded/'))).toEqual([]);
  });

  it('keeps folders small enough to be looked through', () => {
    expect(crowded(globSync(['src/**/*.ts', 'embedded/**/*.ts', 'test/**/*.ts']))).toEqual([]);
  });

  it('goes red for a folder of 27 files', () => {
    expect(crowded(Array.from({ length: 27 }, (_, index) => `src/web/file-${String(index)}.ts`))).toEqual(['src/web']);
  });

  it('keeps Functions at one call each, in at most 40 lines', () => {
    const long = globSync('functions/*.ts').filter((file) => readFileSync(file, 'utf8').split('\n').length > 41);
    expect(long).toEqual([]);
  });
});

function isThroughWall([from, to]: Import): boolean {
  const [top, room = ''] = from.split('/');
  if (top !== 'src' || hosts.includes(room)) return false;
  const allowed = [room, ...(doors[room] ?? [])].map((door) => `src/${door}`);
  return doors[room] === undefined || !allowed.some((door) => to === door || to.startsWith(`${door}/`));
}

function isThroughInnerWall([from, to]: Import): boolean {
  return Object.entries(inside).some(([room, table]) => {
    if (!from.startsWith(`${room}/`) || !to.startsWith(`${room}/`)) return false;
    const [part = '', ...below] = from.slice(room.length + 1).split('/');
    const [target = ''] = to.slice(room.length + 1).split('/');
    return below.length > 0 && part !== target && !(table[part] ?? []).includes(target);
  });
}

/** Folders that hold more than 26 files of their own. */
function crowded(files: readonly string[]): readonly string[] {
  const folders = Map.groupBy(files, (file) => dirname(file.replaceAll('\\', '/')));
  return [...folders].flatMap(([folder, { length }]) => (length > 26 ? [folder] : []));
}

function sentence([from, to]: Import): string {
  return `${from} imports ${to}`;
}
