import { parseArgs } from 'node:util';
import type { Bounds } from './node.ts';
import { describeBounds, searchBounds } from './search-bounds.ts';
import { type Extent, search } from './search.ts';
import { type SearchedClass, searchedClasses } from './small-world.ts';

// `npm run search`: walks every interleaving of a small world, breadth first, and prints what it walked.
// Without options, each class within its own bounds, to the end.
const { values } = parseArgs({
  options: {
    states: { type: 'string', default: '40000000' },
    class: { type: 'string', multiple: true, default: [...searchedClasses] },
    workers: { type: 'string' },
    losses: { type: 'string' },
    crashes: { type: 'string' },
    foreign: { type: 'string' },
    jumps: { type: 'string' },
    asks: { type: 'boolean' },
    place: { type: 'boolean' },
    'every-end': { type: 'string', default: '2000' },
  },
  allowNegative: true,
});
// A failure that is looked at by its code alone needs no stack.
Error.stackTraceLimit = 0;
function boundsOf(kind: SearchedClass): Bounds {
  const { asks, place, workers, losses, crashes, foreign, jumps } = values;
  const numbers = Object.entries({ workers, losses, crashes, foreign, jumps }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Number(value)] as const],
  );
  return {
    ...searchBounds[kind],
    ...Object.fromEntries(numbers),
    ...(asks === undefined ? {} : { asks }),
    ...(place === undefined ? {} : { place }),
  };
}
for (const kind of searchedClasses.filter((one) => values.class.includes(one))) {
  const bounds = boundsOf(kind);
  console.log(`${kind}: ${describeBounds(bounds)}`);
  const begun = performance.now();
  const since = () => (performance.now() - begun) / 1000;
  let toldAt = 0;
  const told: NonNullable<Extent['told']> = ({ states, depth, waiting, begun: beginning }) => {
    if (since() - toldAt < 30) return;
    toldAt = since();
    console.error(
      `${kind}: ${String(states)} states, beginning ${beginning}, depth ${String(depth)}, ${String(waiting)} on the next level`,
    );
  };
  const { states, depth, moves, whole, ends, broken } = await search(kind, bounds, {
    mostStates: Number(values.states),
    everyEnd: Number(values['every-end']),
    oneByOne: true,
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
