// Controls, and what reorders or hides text on a screen: marks of direction, separators of lines.
const unsafe =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/g;

/**
 * A line as a terminal may be given it: names of files, secrets and jobs come from outside, and an escape code among them
 * could rewrite the lines above it, or a line feed imitate a line of Keyturn's own. Written as `\u001b`, which in a line
 * of JSON is the same text as before.
 */
export function harmlessLine(line: string): string {
  return line.replace(unsafe, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
