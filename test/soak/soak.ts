// `npm run soak [-- --minutes 10 --speed 100 --seed N]`: two self-hosted servers on one folder of records, killed again and
// again while everything around them fails. docs/testing.md, "The soak".
import { randomInt } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { parseArgs } from 'node:util';
import { runSoak } from './run-soak.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    speed: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(randomInt(1, 1_000_000)) },
    secrets: { type: 'string', default: '12' },
    kill: { type: 'string', default: '20' },
    log: { type: 'string' },
    keep: { type: 'string' },
  },
});
const options = {
  seed: Number(values.seed),
  troubleMs: Number(values.minutes) * 60_000,
  speed: Number(values.speed),
  size: Number(values.secrets),
  killEveryMs: Number(values.kill) * 1000,
};
if (Object.values(options).some((value) => !(value > 0))) throw new Error('Each option takes a number above 0.');

console.log(`Seed ${values.seed}, ${values.minutes} minutes at ${values.speed} times the machine's pace.`);
const log = values.log === undefined ? null : createWriteStream(values.log);
const { broken, figures, memory } = await runSoak({
  ...options,
  keep: values.keep ?? null,
  progress: (line) => console.log(line),
  line: (line) => log?.write(`${line}\n`),
});
log?.end();

console.log();
for (const [name, value] of figures) console.log(`${name.padEnd(38)} ${String(value)}`);
const megabytes = (bytes: number) => `${(bytes / 1_048_576).toFixed(1)} MB`;
console.log(`${'heap, resident of the long-lived server'.padEnd(38)}`);
for (const { heap, resident, process } of memory)
  console.log(`  process ${String(process)}  ${megabytes(heap)}  ${megabytes(resident)}`);
console.log();
for (const sentence of broken) console.log(`BROKEN  ${sentence}`);
console.log(broken.length === 0 ? 'Nothing lost, nothing twice.' : `Play it again with --seed ${values.seed}.`);
process.exitCode = broken.length === 0 ? 0 : 1;
