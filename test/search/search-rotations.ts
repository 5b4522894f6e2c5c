import { parseArgs } from 'node:util';
import { search, smallBounds } from './search.ts';
import { searchedClasses } from './small-world.ts';

// `npm run search`: walks every interleaving of a small world, breadth first, and prints what it walked.
const { values } = parseArgs({
  options: {
    states: { type: 'string', default: '40000' },
    class: { type: 'string', multiple: true, default: [...searchedClasses] },
    losses: { type: 'string', default: String(smallBounds.losses) },
    crashes: { type: 'string', default: String(smallBounds.crashes) },
    foreign: { type: 'string', default: String(smallBounds.foreign) },
    jumps: { type: 'string', default: String(smallBounds.jumps) },
  },
});
const bounds = {
  workers: smallBounds.workers,
  losses: Number(values.losses),
  crashes: Number(values.crashes),
  foreign: Number(values.foreign),
  jumps: Number(values.jumps),
};
console.log(
  `One secret, ${String(bounds.workers)} workers; at most ${String(bounds.losses)} lost or late, ${String(bounds.crashes)} crashes, ${String(bounds.foreign)} versions of others, ${String(bounds.jumps)} jumps of time.`,
);
for (const kind of searchedClasses.filter((one) => values.class.includes(one))) {
  const begun = performance.now();
  const { states, depth, whole, ends, broken } = await search(kind, bounds, Number(values.states));
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const extent = whole ? 'all of them' : 'the first of them';
  console.log(
    `${kind}: ${String(states)} states, ${extent}, depth ${String(depth)}, ${String(ends)} led to their end, ${seconds} s: ${broken === null ? 'nothing broken' : broken.says}`,
  );
  for (const line of broken?.trace ?? []) console.log(`  ${line}`);
  if (broken !== null) process.exitCode = 1;
}
