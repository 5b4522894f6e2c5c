/**
 * Returns whether a variable's name is one of those in `written`, which spaces part; one that ends in `*` stands for all that
 * begin so. Each start looks at every variable, and a dozen regular expressions for it took a millisecond to compile.
 */
export function variableNames(...written: readonly string[]): (name: string) => boolean {
  const names = new Set(written.flatMap((line) => line.split(' ')));
  const beginnings = new Map<string, string[]>();
  for (const name of names) {
    if (name.endsWith('*'))
      beginnings.set(name[0] ?? '', [...(beginnings.get(name[0] ?? '') ?? []), name.slice(0, -1)]);
  }
  return (name) =>
    names.has(name) || beginnings.get(name[0] ?? '')?.some((beginning) => name.startsWith(beginning)) === true;
}
