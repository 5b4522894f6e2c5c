/** A value that begins again inside itself this often makes a search begin as often at each byte of its own text. */
const mostBeginnings = 7;

/** Long enough to be told from chance, short enough to be compared at each byte. */
const pieceBytes = 8;

/**
 * What is searched for in place of a needle that repeats itself: `aaaa…`, `abab…`. Its pieces, each half of the next,
 * cover it wherever it stands, and no input can make the search slow with them. They also hide a shorter run of the same.
 * Any other needle is returned as it is.
 */
export function withoutRepetition(needle: Buffer): readonly Buffer[] {
  if (!repeatsItself(needle)) return [needle];
  const pieces = new Map<string, Buffer>();
  for (let at = 0; at + pieceBytes <= needle.length; at += pieceBytes / 2) {
    const piece = needle.subarray(at, at + pieceBytes);
    pieces.set(piece.toString('latin1'), piece);
  }
  const last = needle.subarray(needle.length - pieceBytes);
  return [...pieces.set(last.toString('latin1'), last).values()];
}

/** Whether some beginning of a needle has more than seven shorter beginnings at its end (the borders of Knuth, Morris and Pratt). */
export function repeatsItself(needle: Buffer): boolean {
  // Of eight beginnings at an end, the longest five hold the first four bytes again.
  if (needle.indexOf(needle.subarray(0, 4), 1) === -1) return false;
  const borders = new Int32Array(needle.length + 1);
  const beginnings = new Int32Array(needle.length + 1);
  for (let length = 2, border = 0; length <= needle.length; length += 1) {
    const byte = needle[length - 1];
    while (border > 0 && needle[border] !== byte) border = borders[border] ?? 0;
    if (needle[border] === byte) border += 1;
    borders[length] = border;
    beginnings[length] = border === 0 ? 0 : (beginnings[border] ?? 0) + 1;
    if ((beginnings[length] ?? 0) > mostBeginnings) return true;
  }
  return false;
}
