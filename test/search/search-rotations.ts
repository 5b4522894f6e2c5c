import { parseArgs } from 'node:util';
import { search, smallBounds } from './search.ts';
import { searchedClasses } from './small-world.ts';

// `npm run search`: walks every interleaving of a small world, breadth first, and prints what it walked.
const { values } = parseArgs({
  options: {
    states: { type: 'string', default: '40000' },
    class: { type: 'string', multiple: true, default: [...searchedClasses] },
    workers: { type: 'string', default: String(smallBounds.workers) },
    losses: { type: 'string', default: String(smallBounds.losses) },
    crashes: { type: 'string', default: String(smallBounds.crashes) },
    foreign: { type: 'string', default: String(smallBounds.foreign) },
    jumps: { type: 'string', default: String(smallBounds.jumps) },
    asks: { type: 'boolean', default: false },
    place: { type: 'boolean', default: false },
    'every-end': { type: 'string', default: '500' },
  },
});
// A failure that is looked at by its code alone needs no stack.
Error.stackTraceLimit = 0;
const bounds = {
  workers: Number(values.workers),
  losses: Number(values.losses),
  crashes: Number(values.crashes),
  foreign: Number(values.foreign),
  jumps: Number(values.jumps),
  asks: values.asks,
  place: values.place,
};
console.log(
  `One secret, ${String(bounds.workers)} workers; at most ${String(bounds.losses)} lost or late, ${String(bounds.crashes)} crashes, ${String(bounds.foreign)} acts of others, ${String(bounds.jumps)} jumps of time.`,
);
for (const kind of searchedClasses.filter((one) => values.class.includes(one))) {
  const begun = performance.now();
  const since = () => (performance.now() - begun) / 1000;
  let toldAt = 0;
  const told = (states: number, depth: number, waiting: number) => {
    if (since() - toldAt < 30) return;
    toldAt = since();
    console.error(`${kind}: ${String(states)} states, depth ${String(depth)}, ${String(waiting)} on the next level`);
  };
  const { states, depth, moves, whole, ends, broken } = await search(kind, bounds, {
    mostStates: Number(values.states),
    everyEnd: Number(values['every-end']),
    told,
  });
  const extent = whole ? 'all of them' : 'the first of them';
  const pace = Math.round(states / since());
  console.log(
    `${kind}: ${String(states)} states, ${extent}, depth ${String(depth)}, ${String(moves)} moves, ${String(ends)} led to their end, ${since().toFixed(1)} s, ${String(pace)} states a second: ${broken === null ? 'nothing broken' : broken.says}`,
  );
  for (const line of broken?.trace ?? []) console.log(`  ${line}`);
  if (broken !== null) process.exitCode = 1;
}
