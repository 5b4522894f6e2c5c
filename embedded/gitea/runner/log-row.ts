// MaxLineSize of modules/actions/log.go, in bytes.
const mostBytes = 65_536;

/**
 * A row as Gitea stores it: RFC 3339 with seven fractional digits, space, content cut at 65,536 bytes without a word.
 * `content`: bytes (latin1).
 */
export function logRow(at: Date, content: string): string {
  const time = at.toISOString().replace('Z', '0000Z');
  return `${time} ${content.replaceAll('\n', '\\n').slice(0, mostBytes)}`;
}
