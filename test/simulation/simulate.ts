import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { News, SeedRange } from './play-range.ts';

const { values } = parseArgs({
  options: {
    histories: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    steps: { type: 'string', default: '160' },
    workers: { type: 'string', default: '1' },
    'keep-going': { type: 'boolean', default: false },
    'no-shorten': { type: 'boolean', default: false },
  },
});
const histories = Number(values.histories);
const workers = Math.max(1, Math.min(Number(values.workers), histories));
const reportEvery = Math.max(500, Math.ceil(histories / 40));

const begun = performance.now();
const sum = { played: 0, calls: 0, windowMs: 0, races: 0, failures: 0 };
let reported = 0;

await Promise.all(rangesOf(Number(values.seed)).map(play));
report();
if (sum.failures > 0) process.exit(1);

/** Every worker has neighbouring seeds of its own; the same seed is the same history whoever plays it. */
function rangesOf(first: number): readonly SeedRange[] {
  const each = Math.ceil(histories / workers);
  return Array.from({ length: workers }, (_one, index) => ({
    first: first + index * each,
    histories: Math.min(each, histories - index * each),
    options: { steps: Number(values.steps), without: new Set<never>() },
    keepGoing: values['keep-going'],
    shortest: !values['no-shorten'],
  }));
}

function play(workerData: SeedRange): Promise<void> {
  return new Promise((resolve, reject) => {
    new Worker(new URL('simulation-worker.ts', import.meta.url), { workerData })
      .on('message', hear)
      .on('error', reject)
      .on('exit', () => resolve());
  });
}

function hear({ played, calls, windowMs, races, failure }: News): void {
  sum.played += played;
  sum.calls += calls;
  sum.windowMs = Math.max(sum.windowMs, windowMs);
  sum.races += races;
  if (failure !== null) {
    sum.failures += 1;
    for (const line of failure) console.log(line);
    if (!values['keep-going']) {
      report();
      process.exit(1);
    }
  }
  if (sum.played - reported >= reportEvery && sum.played < histories) report();
}

function report(): void {
  reported = sum.played;
  const seconds = (performance.now() - begun) / 1000;
  const rate = (sum.played / seconds).toFixed(0);
  const broken = sum.failures === 0 ? 'nothing broken' : `${String(sum.failures)} failed`;
  console.log(
    `${String(sum.played)} histories, ${String(sum.calls)} calls, ${rate} histories a second, ${broken}; ` +
      `longest single-password window ${String(sum.windowMs)} ms, ${String(sum.races)} unavoidable races.`,
  );
}
