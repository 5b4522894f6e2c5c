import { isSecretKey, wordsOf, type Place } from './secret-keys.ts';
import { leastLength } from './secret-lines.ts';
import { insideOf } from './structured-formats.ts';

/**
 * The parts of a structured value that are secret each by itself, such as a program prints it alone: what is at keys like
 * `password` in JSON, YAML, `.env` files and connection strings, the password of a URL, `auth` of Docker and what it
 * encodes. From four characters, numbers too. Where no key says what is secret, every text of eight characters and more.
 * `null` for a value that has no such parts.
 */
export async function structuredParts(value: string): Promise<readonly string[] | null> {
  const parts = new Set<string>();
  const longTexts = new Set<string>();
  const places: Place[] = [{ member: value, key: [], isSecret: false }];
  // Not by recursion: a value may be nothing but ten thousand brackets.
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    if (typeof place.member === 'object' && place.member !== null) {
      places.push(...membersOf(place.member, place));
      continue;
    }
    const text = textOf(place.member);
    if (text === null) continue;
    const inside = await insideOf(text);
    if (inside !== null) {
      places.push(...inside.map((member) => ({ ...member, isSecret: place.isSecret || member.isSecret })));
    }
    if (text === value) continue;
    if (place.isSecret || (typeof place.member === 'string' && looksRandom(text))) {
      if (text.length >= leastLength) parts.add(text);
    } else if (inside === null && typeof place.member === 'string' && text.length >= 8 && place.isNamed !== false) {
      longTexts.add(text);
    }
  }
  const found = parts.size > 0 ? parts : longTexts;
  return found.size === 0 ? null : [...found];
}

function textOf(member: unknown): string | null {
  if (typeof member === 'string') return member;
  return typeof member === 'number' || typeof member === 'bigint' ? String(member) : null;
}

function membersOf(member: object, { key, isSecret }: Place): readonly Place[] {
  const entries = Object.entries(member);
  const isKubernetesSecret = 'kind' in member && member.kind === 'Secret';
  return entries.flatMap(([name, inner]): readonly Place[] => {
    const words = Array.isArray(member) ? key : wordsOf(name);
    const secretHere = isSecret || isSecretKey(words) || (isKubernetesSecret && /^(data|stringData)$/.test(name));
    const place = { member: inner as unknown, key: words, isSecret: secretHere };
    // What a base64 member encodes is printed by whoever uses it.
    const decoded = secretHere && typeof inner === 'string' ? decodedText(inner) : null;
    if (decoded === null) return [place];
    const [, password] = /^[^:\s]+:(.{4,})$/.exec(decoded) ?? [];
    return [place, { ...place, member: words.at(-1) === 'auth' && password !== undefined ? password : decoded }];
  });
}

/** Readable text in base64; `null` for anything else. */
function decodedText(text: string): string | null {
  if (text.length < 8 || !/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(text)) return null;
  const bytes = Buffer.from(text, 'base64');
  const decoded = bytes.toString('utf8');
  return /^[\t\n\r\x20-\x7e\u00a0-\uffff]{4,}$/.test(decoded) && !decoded.includes('\ufffd') ? decoded : null;
}

/** Whether a text at a key that says nothing looks like a generated secret, and not like a name, address or id. */
function looksRandom(text: string): boolean {
  if (text.length < 16 || !/^[A-Za-z0-9+/=_~!-]+$/.test(text)) return false;
  return /[a-z]/.test(text) && /[A-Z]/.test(text) && /\d/.test(text) && new Set(text).size >= 10;
}
