import type { FormMatcher } from './form-matcher.ts';

/**
 * Whether the bytes from `from` until before `to` are what a parser allows in one place of a record, within quotes if it is a
 * text. A check may refuse what the parser allows: then the parser is asked.
 */
export type ContentCheck = (bytes: Buffer, from: number, to: number) => boolean;

/** Checks the contents of the line that matched last: each once, as long as the following lines have the same. */
export function createContentCheck(
  matcher: FormMatcher,
  checks: readonly (ContentCheck | null)[],
): (bytes: Buffer) => boolean {
  const { starts, ends } = matcher;
  const seen = new Float64Array(checks.length).fill(-1);
  const alone = checks.map((_, index) => [index]);
  return (bytes) => {
    for (let index = 0; index < checks.length; index += 1) {
      const change = matcher.lastChange(alone[index] ?? []);
      if (change === seen[index]) continue;
      const check = checks[index] ?? null;
      if (check !== null && !check(bytes, starts[index] ?? 0, ends[index] ?? 0)) return false;
      seen[index] = change;
    }
    return true;
  };
}
