import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleCommand } from '../../src/evidence/report/draw-sample.ts';
import { producePack } from '../../src/evidence/produce-pack.ts';
import { orderOf } from '../evidence/order.ts';
import { auditedStory } from '../evidence/story.ts';
import { skipUnless } from '../skip-unless.ts';
import { callCommand } from './call-command.ts';

let folder: string;
const python = skipUnless(spawnSync('python3', ['--version']).error === undefined, 'python3 is not installed');
const call = async (...words: string[]) => await callCommand(words, { directory: folder });

/** Two packs: in the later one a finding is gone, one has ended, one recurs with another first event, and one is new. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-diff-'));
  const audited = auditedStory({ reads: 60 });
  const [gone, ending, again, ...others] = audited.findings;
  if (gone === undefined || ending === undefined || again === undefined) throw new Error('The story has findings.');
  await producePack(orderOf({ out: join(folder, 'before'), audited }));
  const ended = { ...ending, ended: { at: '2026-10-20T00:00:00.000Z', by: 'kv-prod/database-password@2' } };
  const recurring = { ...again, id: 'aaaaaaaaaaaaaaaa' };
  const fresh = { ...gone, id: 'bbbbbbbbbbbbbbbb', subject: 'kv-prod/other' };
  await producePack(
    orderOf({
      out: join(folder, 'after'),
      audited: { ...audited, findings: [ended, recurring, fresh, ...others] },
      now: new Date('2026-11-04T06:00:00Z'),
    }),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Told {
  readonly isDifferent: boolean;
  readonly findings: Readonly<Record<'new' | 'recurring' | 'fixed', readonly { id: string; rule: string }[]>>;
  readonly counts: readonly unknown[];
  readonly controls: readonly { control: string; before: string; after: string }[];
}

describe('keyturn diff', () => {
  it('ends with 0 for a pack and itself', async () => {
    const { code, printed } = await call('diff', 'before', 'before');
    expect([code, printed.at(-1)]).toEqual([0, 'No difference.']);
  });

  it('tells findings that are new, that recur with another first event, and that are gone or have ended', async () => {
    const { code, printed } = await call('diff', 'before', 'after', '--json');
    const told = JSON.parse(printed[0] ?? '') as Told;
    expect([code, told.isDifferent]).toEqual([1, true]);
    expect(told.findings.new.map(({ id }) => id)).toEqual(['bbbbbbbbbbbbbbbb']);
    expect(told.findings.fixed.map(({ rule }) => rule).sort()).toEqual(['contradicted-read', 'duplicate-receipt']);
    expect(told.findings.recurring.map(({ id }) => id)).toContain('aaaaaaaaaaaaaaaa');
    expect(told.findings.recurring).toHaveLength(7);
  });

  it('tells counts that differ, and prints every finding for people', async () => {
    await producePack(
      orderOf({
        out: join(folder, 'fewer'),
        audited: auditedStory({ reads: 30 }),
        now: new Date('2026-11-05T06:00:00Z'),
      }),
    );
    const { code, printed } = await call('diff', 'before', 'fewer');
    expect([code, printed]).toEqual([
      1,
      expect.arrayContaining(['Counts:', '  reads: 60 → 30', '9 recurring findings']),
    ]);
  });

  it('tells the controls whose result changed', async () => {
    await producePack(
      orderOf({
        out: join(folder, 'none'),
        audited: auditedStory({ reads: 0 }),
        now: new Date('2026-11-05T06:00:00Z'),
      }),
    );
    const { printed } = await call('diff', 'before', 'none', '--json');
    const { controls } = JSON.parse(printed[0] ?? '') as Told;
    expect(controls.length).toBeGreaterThan(0);
    for (const { control, before, after } of controls) {
      expect(control).toMatch(/^(soc2|iso27001)\/./);
      expect(before).not.toBe(after);
    }
  });

  it('ends with 3 for a pack that is broken, and with 2 without a second one', async () => {
    await producePack(orderOf({ out: join(folder, 'touched'), audited: auditedStory({ reads: 3 }) }));
    await writeFile(join(folder, 'touched', 'findings.ndjson'), '');
    const { code, said } = await call('diff', 'before', 'touched');
    expect([code, said.join('\n')]).toEqual([3, expect.stringContaining('broken: findings.ndjson')]);
    expect((await call('diff', 'before')).code).toBe(2);
  });
});

describe('keyturn sample', () => {
  const seed = 'the rain in October';
  /** The cells of a line of CSV, without their quotation marks. */
  const cells = (line: string): readonly string[] =>
    [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

  it('draws the same rows for the same seed, and others for another', async () => {
    const [one, two, other] = [
      await call('sample', 'before', '--seed', seed),
      await call('sample', 'before', '--seed', seed),
      await call('sample', 'before', '--seed', 'other words'),
    ];
    expect([one.code, one.printed.length, one.said]).toEqual([0, 26, ['25 of 60 reads']]);
    expect(two.printed).toEqual(one.printed);
    expect(other.printed.slice(1)).not.toEqual(one.printed.slice(1));
  });

  it('draws the rows that the Python of the documents draws', python, async () => {
    const command = sampleCommand(['retrievals.ndjson']).replace('words of your own', seed);
    const drawn = execFileSync('/bin/sh', ['-c', command], { cwd: join(folder, 'before'), encoding: 'utf8' });
    const { printed } = await call('sample', 'before', '--seed', seed);
    expect(printed.slice(1).map((line) => cells(line)[1])).toEqual(drawn.trimEnd().split('\n'));
  });

  it('names where each row is, what to compare it with, and leaves blanks', async () => {
    const out = join(folder, 'workpaper.csv');
    const { code, printed } = await call('sample', 'before', '--seed', seed, '--size', '5', '--out', 'workpaper.csv');
    expect([code, printed]).toEqual([0, ['5 of 60 reads, written to workpaper.csv']]);
    const told = await call('sample', 'before', '--seed', seed, '--out', 'another.csv', '--json');
    expect(JSON.parse(told.printed.join(''))).toMatchObject({ seed, drawn: 25, population: 60 });
    const [header = '', ...lines] = (await readFile(out, 'utf8')).trimEnd().split('\n');
    const rows = (await readFile(join(folder, 'before', 'retrievals.ndjson'), 'utf8')).split('\n');
    const at = (name: string): number => cells(header).indexOf(name);
    expect(lines).toHaveLength(5);
    for (const line of lines) {
      const row = JSON.parse(rows[Number(cells(line)[at('row')]) - 1] ?? '') as { id: string; correlationId: string };
      expect([cells(line)[at('id')], cells(line)[at('correlationId')]]).toEqual([row.id, row.correlationId]);
      expect(cells(line)[at('file')]).toBe('retrievals.ndjson');
    }
    for (const blank of ['result', 'tested by', 'tested on', 'remarks']) expect(at(blank)).toBeGreaterThan(0);
  });

  it('never overwrites a workpaper, and refuses a size that is none', async () => {
    await writeFile(join(folder, 'begun.csv'), 'my notes');
    expect((await call('sample', 'before', '--seed', seed, '--out', 'begun.csv')).code).toBe(2);
    expect(await readFile(join(folder, 'begun.csv'), 'utf8')).toBe('my notes');
    for (const size of ['0', '-1', '2.5', 'all']) {
      expect((await call('sample', 'before', '--seed', seed, '--size', size)).code).toBe(2);
    }
    expect((await call('sample', 'before')).code).toBe(2);
  });
});
