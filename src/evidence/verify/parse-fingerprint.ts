/** What copying a fingerprint out of a document may add: white space, colons, and characters without width. */
const between = /[\s:\u00AD\u200B-\u200D\u2060\uFEFF]/g;

/**
 * Parses a fingerprint as people copy it: with or without `sha256:`, in either case, in groups. Returns `sha256:` and 64
 * lower-case hexadecimal digits, or `null` if the text is no whole fingerprint.
 */
export function parseFingerprint(text: string): string | null {
  const digits = text
    .replaceAll(between, '')
    .toLowerCase()
    .replace(/^sha256/, '');
  return /^[0-9a-f]{64}$/.test(digits) ? `sha256:${digits}` : null;
}
