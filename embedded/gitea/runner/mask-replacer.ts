/**
 * Replaces every mask by `***` as Go's `strings.NewReplacer` does, which runners use: one pass from the left, and where
 * several masks match, the one registered first, not the longest. So a mask that is the beginning of a longer one
 * registered later leaves its tail visible, and an empty mask matches between all characters.
 * `masks` and `text` hold one character a byte (latin1). Source: Go strings/replace.go, genericReplacer.
 */
export function replaceMasks(text: string, masks: readonly string[]): string {
  if (masks.length === 0) return text;
  const starts = new Set(masks.map((mask) => mask.charAt(0)));
  const anywhere = starts.has('');
  let out = '';
  let last = 0;
  let afterEmpty = false;
  for (let at = 0; at <= text.length; ) {
    const possible = anywhere || (at < text.length && starts.has(text.charAt(at)));
    const mask = possible
      ? masks.find((candidate) => (candidate === '' ? !afterEmpty : text.startsWith(candidate, at)))
      : undefined;
    afterEmpty = mask === '';
    if (mask === undefined) {
      at += 1;
      continue;
    }
    out += `${text.slice(last, at)}***`;
    at += mask.length;
    last = at;
  }
  return out + text.slice(last);
}
