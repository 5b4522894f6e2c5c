import type { Bounds } from './node.ts';
import { smallBounds } from './search.ts';
import type { SearchedClass } from './small-world.ts';

/** What `npm run search` walks of each class: where the smallest trouble is exhausted too soon, one bound is wider. */
export const searchBounds: Readonly<Record<SearchedClass, Bounds>> = {
  single: smallBounds,
  'two-users': smallBounds,
  'two-keys': { ...smallBounds, foreign: 2, asks: true, place: true },
  minted: { ...smallBounds, jumps: 2, asks: true, place: true },
  self: { ...smallBounds, foreign: 2, place: true },
};

/** The bounds of a search in words. */
export function describeBounds({ workers, losses, crashes, foreign, jumps, asks, place }: Bounds): string {
  const parts = [
    `${String(workers)} workers`,
    many(losses, 'request lost or late', 'requests lost or late'),
    many(crashes, 'crash', 'crashes'),
    many(foreign, 'act of others', 'acts of others'),
    many(jumps, 'jump of time', 'jumps of time'),
    ...(asks === true ? ['a go and approvals'] : []),
    ...(place === true ? ['a further place'] : []),
  ];
  return parts.join(', ');
}

function many(count: number, one: string, more: string): string {
  return `${String(count)} ${count === 1 ? one : more}`;
}
