/** Audit rows have some six levels. Code that walks JSON by recursion ends on the stack at some thousands. */
const mostLevels = 100;

/** Whether a text of JSON is nested so deeply that no audit row can be in it, and that it could end whoever walks it. */
export function isNestedTooDeeply(text: string): boolean {
  // Nearly every line has a handful of brackets in all: then nothing more is looked at.
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
