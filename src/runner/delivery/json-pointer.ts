/**
 * What a JSON pointer (RFC 6901) leads to in a text: a text as it is, a number or boolean as JSON writes it.
 * `null` when the text is no JSON, or there is nothing of that kind there.
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

/** Every text of 8 characters or more in a value that is JSON: a command is likely to print one of them alone. */
export function textsInside(value: string): readonly string[] {
  if (!/^\s*[[{]/.test(value)) return [];
  const texts: string[] = [];
  // Not by recursion: a value may be nothing but ten thousand brackets.
  const places: unknown[] = [parseJson(value)];
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    if (typeof place === 'string' && place.length >= 8) texts.push(place);
    else if (typeof place === 'object' && place !== null) places.push(...membersOf(place));
  }
  return texts;
}

function membersOf(place: object): readonly unknown[] {
  const members: readonly unknown[] = Object.values(place);
  return members.filter((member) => typeof member === 'string' || (typeof member === 'object' && member !== null));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
