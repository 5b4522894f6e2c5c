/**
 * Returns whether a variable's name is one of those in `written`, which spaces part; one that ends in `*` stands for all that
 * begin so. Each start looks at every variable, and a dozen regular expressions for it took a millisecond to compile.
 */
export function variableNames(...written: readonly string[]): (name: string) => boolean {
  const words = written.flatMap((line) => line.split(' '));
  const beginnings = words.flatMap((word) => (word.endsWith('*') ? [word.slice(0, -1)] : []));
  const names = new Set(words);
  return (name) => names.has(name) || beginnings.some((beginning) => name.startsWith(beginning));
}
