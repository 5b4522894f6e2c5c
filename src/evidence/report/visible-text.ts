// Everything that a reader cannot see or that reorders visible text: controls, formats (bidirectional marks, zero
// width), lone surrogates, private use, separators, odd spaces, fillers and variation selectors. Line feed and tab
// stay.
const hidden =
  /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u00A0\u115F\u1160\u1680\u2000-\u200A\u202F\u205F\u2800\u3000\u3164\uFFA0]|\u034F|[\uFE00-\uFE0F]|[\u{E0100}-\u{E01EF}]/gu;

/** Most text is plain ASCII, and a period has many millions of characters of it. */
const plain = /^[\n\t\u0020-\u007E]*$/;

/**
 * Replaces each hidden character with its code point, `⟨U+202E⟩`, so that no name can look like another. Applied to all
 * external text before a person reads it.
 */
export function visibleText(text: string): string {
  if (plain.test(text)) return text;
  return text.replace(hidden, (character) => codePointText(character));
}

/** `⟨U+202E⟩`: the name of a character that cannot be shown. */
export function codePointText(character: string): string {
  return `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
}

/** Copies `value` with `change` applied to every string; the names of members stay. */
export function mapStrings<Value>(value: Value, change: (text: string) => string): Value {
  return mapped(value, change) as Value;
}

function mapped(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item: unknown) => mapped(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, mapped(member, change)]));
}

/** Shortens text to at most `length` characters, with an ellipsis for omitted text; never splits a character. */
export function shortened(text: string, length: number): string {
  if (text.length <= length) return text;
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}
