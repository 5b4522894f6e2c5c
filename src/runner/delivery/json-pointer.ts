/**
 * Resolves a JSON pointer (RFC 6901) in JSON text: returns a string unchanged, a number or boolean as JSON. Returns
 * `null` if the text is not valid JSON, or has no such value.
 */
export function pointInto(text: string, pointer: string): string | null {
  let place = parseJson(text);
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof place !== 'object' || place === null || !Object.hasOwn(place, name)) return null;
    place = (place as Readonly<Record<string, unknown>>)[name];
  }
  if (typeof place === 'string') return place;
  return typeof place === 'number' || typeof place === 'boolean' ? String(place) : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
