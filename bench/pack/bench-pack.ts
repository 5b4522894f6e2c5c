import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Measured, measureJoin } from '../attribution/measure.ts';
import { writeLoad } from '../attribution/write-load.ts';
import { printTable } from '../print-table.ts';

/** docs/performance.md. */
const megabyte = 1024 * 1024;
const budgets = { ratio: 2, memory: 512, bytes: 250, html: 5 };
const cores = 2;

const { values } = parseArgs({ options: { reads: { type: 'string', default: '1200000' } } });
const reads = Number(values.reads);
const folder = await mkdtemp(join(tmpdir(), 'keyturn-bench-pack-'));
console.log(`Machine: ${String(availableParallelism())} cores, Node ${process.versions.node}`);
console.log(`Load before: ${(loadavg()[0] ?? 0).toFixed(1)}\n`);
try {
  await writeLoad(folder, { reads, jobs: reads / 10, idleJobsEach: 0, shuffled: false });
  const joined = await measureJoin('bench/attribution/keyturn-worker.ts', folder, cores);
  const packed = await measureJoin('bench/pack/pack-worker.ts', folder, cores);
  const verified = await measureJoin('bench/pack/verify-worker.ts', folder, cores);
  const { bytes = 0, html = 0 } = packed.grades;
  printTable(
    [`${String(reads)} reads`, 'time', 'processor', 'memory', '÷ join', 'processor ÷ join'],
    [
      ['join of the files', ...figures(joined), '', ''],
      [
        'pack',
        ...figures(packed),
        within(packed.seconds / joined.seconds, budgets.ratio, 1),
        (packed.processorSeconds / joined.processorSeconds).toFixed(1),
      ],
      ['verify', ...figures(verified), '', ''],
    ],
  );
  console.log(
    `\nPack: ${within(bytes / megabyte, budgets.bytes)} MB; HTML: ${within(html / megabyte, budgets.html, 1)} MB`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}

function figures({ seconds, processorSeconds, peakBytes }: Measured): [string, string, string] {
  const memory = `${within(peakBytes / megabyte, budgets.memory)} MB`;
  return [`${seconds.toFixed(1)} s`, `${processorSeconds.toFixed(1)} s`, memory];
}

function within(figure: number, most: number, digits = 0): string {
  return `${figure.toFixed(digits)}${figure > most ? ' OVER' : ''}`;
}
