import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { printTable } from '../print-table.ts';
import { type HistoryCost, passWithHistory } from './pass-with-history.ts';
import { type DueCase, type Rotated, type Stage, rotateDueSecrets, writePlainly } from './rotate-due-secrets.ts';

/** docs/performance.md: 300 writes in ten seconds, plus a fifth of the time that they need. */
const limitedWrites = 300;
const writesASecond = limitedWrites / 10;
const budget = 1.2;

const { values } = parseArgs({
  options: { count: { type: 'string', default: '500' }, targets: { type: 'string', default: '1000' } },
});
const count = Number(values.count);
const targets = Number(values.targets);
// Three writes each, so two fifths of the secrets make an equally long queue.
const minted = Math.ceil((count * 2) / 5);

const limited: readonly (DueCase & { readonly title: string })[] = [
  { title: 'generated', kind: 'generated', count, limit: { writes: limitedWrites, retryAfterSeconds: null } },
  {
    title: 'generated, Retry-After: 5',
    kind: 'generated',
    count,
    limit: { writes: limitedWrites, retryAfterSeconds: 5 },
  },
  {
    title: 'gitea-token',
    kind: 'gitea-token',
    count: minted,
    limit: { writes: limitedWrites, retryAfterSeconds: null },
  },
];

console.log(
  'Command: node bench/rotation/bench-rotation.ts' +
    (count === 500 ? '' : ` --count ${String(count)}`) +
    (targets === 1000 ? '' : ` --targets ${String(targets)}`),
);
console.log(`Machine: ${String(availableParallelism())} cores, Node ${process.versions.node}`);
// A ratio to a rate limit is a ratio to time, so it means less on a busy machine.
console.log(`Load before: ${(loadavg()[0] ?? 0).toFixed(1)}\n`);

const results: Rotated[] = [];
const rows: string[][] = [];
for (const { title, ...due } of limited) {
  const rotated = await rotateDueSecrets(due);
  results.push(rotated);
  rows.push(row(`${title}: publish`, rotated.publishing), row(`${title}: disable old`, rotated.disabling));
}
console.log(
  `Due in one minute, vault limited to ${String(limitedWrites)} writes in 10 s (ratio: time ÷ (writes needed ÷ 30/s))`,
);
printTable(
  ['', 'rotations', 'writes needed', 'done', 'refused (429)', 'passes', 'time', 'ratio', `budget`, 'peak memory'],
  rows,
);

const free = await rotateDueSecrets({ kind: 'generated', count, limit: null });
results.push(free);
const plain = await writePlainly(count);
console.log("\nThe engine's own cost, no limit (ratio: to as many plain writes of Azure's client, 8 at a time)");
printTable(
  ['', 'rotations', 'requests each', 'time', 'each', 'ratio', 'processor each', 'ratio', 'peak memory'],
  [
    ...(
      [
        ['publish', free.publishing],
        ['disable old', free.disabling],
      ] as const
    ).map(([title, stage]) => [
      title,
      String(stage.rotations),
      (stage.requests / stage.rotations).toFixed(1),
      seconds(stage.seconds),
      milliseconds(stage.seconds / stage.rotations),
      (stage.seconds / plain.seconds).toFixed(1),
      milliseconds(stage.processorSeconds / stage.rotations),
      (stage.processorSeconds / plain.processorSeconds).toFixed(1),
      megabytes(stage.peakBytes),
    ]),
    [
      'plain writes',
      String(count),
      '1.0',
      seconds(plain.seconds),
      milliseconds(plain.seconds / count),
      '1.0',
      milliseconds(plain.processorSeconds / count),
      '1.0',
      megabytes(plain.peakBytes),
    ],
  ],
);

const never = await passWithHistory(targets, 0);
const once = await passWithHistory(targets, 1);
console.log(
  `\nA pass over ${String(targets)} secrets, of which each was rotated to the end, or none ever was (ratio: of processor time)`,
);
printTable(
  ['', 'due', 'published', 'requests', 'time', 'processor', 'ratio', 'peak memory'],
  [
    ...historyRows('none ever was', never, never),
    ...historyRows(`each was, ${String(once.past)} rotations`, once, never),
  ],
);

const madeTwice = results.reduce((sum, one) => sum + one.madeTwice, 0);
const stages = results.flatMap(({ publishing, disabling }) => [publishing, disabling]);
const unfinished = stages.reduce((sum, one) => sum + one.unfinished, 0);
const faults = stages.flatMap((one) => one.faults);
console.log(
  `\nValues made twice: ${String(madeTwice)}. Rotations not finished: ${String(unfinished)}. Faults: ${String(faults.length)}.`,
);
for (const fault of new Set(faults.map((one) => one.replace(/^.*: /, '')))) console.log(`  ${fault}`);
if (madeTwice > 0 || unfinished > 0) process.exitCode = 1;

function row(title: string, stage: Stage): string[] {
  const ratio = stage.seconds / (stage.writesNeeded / writesASecond);
  return [
    title,
    String(stage.rotations),
    String(stage.writesNeeded),
    String(stage.writesDone),
    String(stage.writesRefused),
    String(stage.passes),
    seconds(stage.seconds),
    ratio.toFixed(2),
    ratio <= budget ? `≤ ${String(budget)}` : `OVER ${String(budget)}`,
    megabytes(stage.peakBytes),
  ];
}

function historyRows(title: string, cost: HistoryCost, base: HistoryCost): string[][] {
  const parts = [
    ['first pass of a process', cost.first, base.first, 0, 0],
    ['nothing due', cost.idle, base.idle, 0, 0],
    ['some due', cost.withDue, base.withDue, cost.withDue.due, cost.withDue.published],
  ] as const;
  return parts.map(([what, one, other, due, published]) => [
    `${title}: ${what}`,
    String(due),
    String(published),
    String(one.requests),
    seconds(one.seconds),
    milliseconds(one.processorSeconds),
    (one.processorSeconds / other.processorSeconds).toFixed(2),
    megabytes(one.peakBytes),
  ]);
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}

function milliseconds(value: number): string {
  return `${(value * 1000).toFixed(1)} ms`;
}

function megabytes(value: number): string {
  return `${(value / 1024 / 1024).toFixed(0)} MB`;
}
