export interface Start {
  readonly at: number;
  readonly whole: number;
  readonly open: boolean;
}

/** From where to where needles are, those that overlap as one; and where one may begin. */
export function masksOf(starts: readonly Start[]) {
  const masks: [number, number][] = [];
  for (const { at, whole } of starts.filter((start) => start.whole > 0)) {
    const last = masks.at(-1);
    if (last !== undefined && at < last[1]) last[1] = Math.max(last[1], at + whole);
    else masks.push([at, at + whole]);
  }
  return { masks, open: starts.filter(({ open }) => open).map(({ at }) => at) };
}
