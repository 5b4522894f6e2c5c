/** Below this many characters a value is neither masked nor redacted: it would blot out harmless text everywhere. */
export const leastLength = 4;

const frame = /^-----(BEGIN|END) [A-Z0-9 ]+-----$/;

/** The lines of a PEM file to redact: those between its frames, without headers. `null` if the value is not PEM. */
export function pemBodies(value: string): readonly string[] | null {
  if (!value.includes('-----BEGIN ') || !/^-----BEGIN [A-Z0-9 ]+-----\s*$/m.test(value)) return null;
  const bodies: string[] = [];
  let body: string[] | null = null;
  for (const line of linesOf(value)) {
    if (frame.test(line)) {
      if (body !== null && body.length > 0) bodies.push(body.join('\n'));
      body = line.startsWith('-----BEGIN') ? [] : null;
    } else if (body !== null && /^[A-Za-z0-9+/=]{4,}$/.test(line)) {
      // What names a key's encryption (`Proc-Type: 4,ENCRYPTED`) is no part of it.
      body.push(line);
    }
  }
  return bodies;
}

/** The lines of a value, blanks around them taken off, blank ones left out. */
export function linesOf(value: string): readonly string[] {
  const isOne = !value.includes('\n') && !value.includes('\r');
  return (isOne ? [value] : value.split(/\r\n|\n|\r/)).map((line) => line.trim()).filter((line) => line !== '');
}

/**
 * The lines of a value of many lines that are secret each by itself. Words that a text of any kind holds (`apiVersion: v1`,
 * `users:`, `[section]`) are not: hidden, they would be missing all over a log.
 */
export function secretLines(value: string): readonly string[] {
  return linesOf(value).filter(
    (line) =>
      line.length >= leastLength &&
      !frame.test(line) &&
      !/^-?\s*["']?[\w.-]+["']?\s*:(\s+["']?[\w.-]{0,15}["']?,?)?$/.test(line) &&
      !isOrdinary(line),
  );
}

/** Whether a text is so plain that it occurs in others by chance: few different characters, or one short word. */
export function isOrdinary(text: string): boolean {
  const distinct = new Set(text).size;
  return distinct < 4 || /^[[\](){}<>,;:"'\s-]*$/.test(text) || /^["']?[a-z]{1,5}["']?[,;:]?$/i.test(text);
}
