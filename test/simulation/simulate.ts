import { parseArgs } from 'node:util';
import { runHistory } from './run-history.ts';
import { shorten } from './shorten.ts';

const { values } = parseArgs({
  options: {
    histories: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    steps: { type: 'string', default: '160' },
    'no-shorten': { type: 'boolean', default: false },
  },
});
const histories = Number(values.histories);
const first = Number(values.seed);
const options = { steps: Number(values.steps), without: new Set<never>() };

const begun = performance.now();
let calls = 0;
for (let seed = first; seed < first + histories; seed += 1) {
  const { broken, calls: made } = await runHistory(seed, options);
  calls += made;
  if (broken !== null) {
    if (values['no-shorten']) {
      console.log(`Seed ${String(seed)} fails: ${broken}`);
      process.exit(1);
    }
    const { options: shortest, result } = await shorten(seed, options);
    console.log(`Seed ${String(seed)} fails: ${result.broken ?? broken}`);
    console.log(
      `Shortest trace: ${String(shortest.steps)} troubled steps without ${[...shortest.without].join(', ') || 'leaving anything out'}:`,
    );
    for (const line of result.trace()) console.log(`  ${line}`);
    process.exit(1);
  }
  if ((seed - first + 1) % 500 === 0) report(seed - first + 1);
}
report(histories);

function report(done: number): void {
  const seconds = (performance.now() - begun) / 1000;
  console.log(
    `${String(done)} histories, ${String(calls)} calls, ${(done / seconds).toFixed(0)} histories a second, nothing broken.`,
  );
}
