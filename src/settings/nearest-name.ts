/** A misspelt name differs from the one that was meant by at most this many letters. */
const mostEdits = 3;

/** Returns the name that a misspelt one is nearest to; `null` if none is near, or the text is no near miss at all. */
export function nearestName(text: string, names: readonly string[]): string | null {
  const near = names.map((name) => ({ name, edits: editsBetween(text, name) })).sort((a, b) => a.edits - b.edits)[0];
  return near !== undefined && near.edits <= mostEdits ? near.name : null;
}

/** The Levenshtein distance: letters to insert, delete or replace. */
function editsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of from.split('').entries()) {
    const next = [index + 1];
    for (const [at, other] of to.split('').entries()) {
      const replaced = (row[at] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
