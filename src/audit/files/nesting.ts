/** Audit rows have about six levels. Recursive code overflows the stack at a few thousand. */
const mostLevels = 100;

/**
 * Whether JSON text is nested too deeply for an audit row, and so deeply that recursive code could overflow the stack.
 */
export function isNestedTooDeeply(text: string): boolean {
  // Nearly every line contains only a few brackets and needs no further check.
  if (!hasMoreThan(text, '{', mostLevels / 2) && !hasMoreThan(text, '[', mostLevels / 2)) return false;
  let level = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index += 1) {
    const sign = text[index];
    if (sign === '"') quoted = !quoted;
    else if (quoted) index += sign === '\\' ? 1 : 0;
    else if (sign === '{' || sign === '[') level += 1;
    else if (sign === '}' || sign === ']') level -= 1;
    if (level > mostLevels) return true;
  }
  return false;
}

function hasMoreThan(text: string, sign: string, most: number): boolean {
  let found = 0;
  for (let at = text.indexOf(sign); at !== -1; at = text.indexOf(sign, at + 1)) {
    found += 1;
    if (found > most) return true;
  }
  return false;
}
