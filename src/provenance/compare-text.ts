/** Orders texts by their UTF-16 code units, which is the same on every machine: for `sort`. */
export function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
