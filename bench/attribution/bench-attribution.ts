import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { printTable } from '../print-table.ts';
import { type Measured, measureJoin } from './measure.ts';
import { type LoadSize, writeLoad } from './write-load.ts';

/** docs/performance.md. */
const mostRatio = 0.5;
const mostBytes = 512 * 1024 * 1024;
const cores = 2;

const million = 1_000_000;
const ordered = { idleJobsEach: 0, shuffled: false };
const cases: readonly (LoadSize & { readonly title: string; readonly withDuckdb: boolean })[] = [
  { title: '1 M reads', reads: million, jobs: 100_000, ...ordered, withDuckdb: false },
  { title: '2 M reads', reads: 2 * million, jobs: 200_000, ...ordered, withDuckdb: true },
  { title: '5 M reads', reads: 5 * million, jobs: 500_000, ...ordered, withDuckdb: true },
  { title: '2 M reads, shuffled', reads: 2 * million, jobs: 200_000, ...ordered, shuffled: true, withDuckdb: true },
  {
    title: '1 M reads, ten times the jobs',
    reads: million,
    jobs: 100_000,
    ...ordered,
    idleJobsEach: 9,
    withDuckdb: false,
  },
];

const { values } = parseArgs({ options: { scale: { type: 'string', default: '1' }, only: { type: 'string' } } });
const scale = Number(values.scale);
const folder = await mkdtemp(join(tmpdir(), 'keyturn-bench-attribution-'));
console.log(`Machine: ${String(availableParallelism())} cores, Node ${process.versions.node}`);
console.log(`Load before: ${(loadavg()[0] ?? 0).toFixed(1)}\n`);
const rows: string[][] = [];
try {
  for (const { title, withDuckdb, ...size } of cases) {
    if (values.only !== undefined && !title.startsWith(values.only)) continue;
    const files = join(folder, 'load');
    await writeLoad(files, { ...size, reads: size.reads * scale, jobs: size.jobs * scale });
    const ours = await measureJoin('bench/attribution/keyturn-worker.ts', files, cores);
    const sql = withDuckdb ? await measureJoin('bench/attribution/duckdb-worker.ts', files, cores) : null;
    const measured = row(title, ours, sql);
    rows.push(measured);
    // A run takes long, so that one that is broken off has said what it knew.
    console.log(measured.filter((cell) => cell !== '').join('  '));
    if (sql !== null && !isDeepStrictEqual(sorted(ours.grades), sorted(sql.grades))) {
      console.log(`${title}: the counts of grades differ.`);
      console.log(
        `  Keyturn: ${JSON.stringify(sorted(ours.grades))}\n  DuckDB:  ${JSON.stringify(sorted(sql.grades))}`,
      );
      process.exitCode = 1;
    }
    await rm(files, { recursive: true });
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log('');
printTable(
  ['', 'rows', 'time', 'processor', 'memory', '', 'DuckDB', 'processor', 'memory', 'time ratio', 'processor ratio'],
  rows,
);

function row(title: string, ours: Measured, sql: Measured | null): string[] {
  const count = Object.values(ours.grades).reduce((sum, one) => sum + one, 0);
  const ratio = (one: number, other: number) => `${(one / other).toFixed(2)}${one / other > mostRatio ? ' OVER' : ''}`;
  return [
    title,
    String(count),
    ...figures(ours),
    ours.peakBytes > mostBytes ? 'OVER' : '',
    ...(sql === null
      ? ['', '', '', '', '']
      : [...figures(sql), ratio(ours.seconds, sql.seconds), ratio(ours.processorSeconds, sql.processorSeconds)]),
  ];
}

function figures({ seconds, processorSeconds, peakBytes }: Measured): [string, string, string] {
  return [`${seconds.toFixed(1)} s`, `${processorSeconds.toFixed(1)} s`, `${(peakBytes / 1024 / 1024).toFixed(0)} MB`];
}

function sorted(grades: Readonly<Record<string, number>>) {
  return Object.entries(grades).sort(([one], [other]) => (one < other ? -1 : 1));
}
