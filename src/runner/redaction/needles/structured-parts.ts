import { leastLength, linesOf, pemBodies } from './secret-lines.ts';

/**
 * The parts of a structured value that are secret each by itself, such as a program prints it alone: what is at keys like
 * `password` in JSON, YAML, `.env` files and connection strings, the password of a URL, `auth` of Docker and what it
 * encodes. From four characters, numbers too. `null` for a value that has no structure.
 */
export async function structuredParts(value: string): Promise<readonly string[] | null> {
  const parts = new Set<string>();
  const places: Place[] = [{ member: value, key: [], isSecret: false }];
  let structured = false;
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
      structured = true;
      places.push(...inside.map((member) => ({ ...member, isSecret: place.isSecret || member.isSecret })));
    }
    if (text === value) continue;
    if (place.isSecret || (typeof place.member === 'string' && looksRandom(text))) {
      if (text.length >= leastLength) parts.add(text);
    }
  }
  if (!structured) return null;
  return parts.size > 0 ? [...parts] : longTexts(value);
}

interface Place {
  readonly member: unknown;
  /** The words of the key it is at. */
  readonly key: readonly string[];
  readonly isSecret: boolean;
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

/** What is inside a text, by the first form that it has; `null` for none. */
async function insideOf(text: string): Promise<readonly Place[] | null> {
  return (
    pemParts(text) ??
    jsonParts(text) ??
    urlParts(text) ??
    environmentParts(text) ??
    connectionParts(text) ??
    (await yamlParts(text))
  );
}

/** A PEM file is taken line by line elsewhere: it only counts as one here. */
function pemParts(text: string): readonly Place[] | null {
  return pemBodies(text) === null ? null : [];
}

function jsonParts(text: string): readonly Place[] | null {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    return [{ member: JSON.parse(text), key: [], isSecret: false }];
  } catch {
    return null;
  }
}

/** `scheme://user:password@host?sig=…`, the password as it is written and as it is meant. */
function urlParts(text: string): readonly Place[] | null {
  const [, userInfo, rest] = /^[a-z][a-z0-9+.-]*:\/\/(?:([^/\s]*)@)?([^\s@]*)$/i.exec(text.trim()) ?? [];
  if (rest === undefined) return null;
  const password = userInfo?.includes(':') === true ? userInfo.slice(userInfo.indexOf(':') + 1) : '';
  const query = rest.includes('?') ? rest.slice(rest.indexOf('?') + 1).split('&') : [];
  return [
    ...[password, unescaped(password)].map((member) => ({ member, key: ['password'], isSecret: true })),
    ...query.flatMap((pair) => {
      const [name = '', member = ''] = pair.split('=', 2);
      return [member, unescaped(member)].map((written) => keyed(name, written));
    }),
  ];
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that begins no escape: written as it is.
    return text;
  }
}

/** Lines of `NAME=value`, comments beside them. */
function environmentParts(text: string): readonly Place[] | null {
  const lines = linesOf(text).filter((line) => !line.startsWith('#') && !/^\[[^\]]*\]$/.test(line));
  const pairs = lines.map((line) => /^(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*)$/.exec(line));
  if (lines.length === 0 || pairs.includes(null)) return null;
  // One line is as likely a value that happens to hold an equals sign.
  if (lines.length === 1 && !/^[A-Z_][A-Z0-9_]*=/.test(lines[0] ?? '')) return null;
  return pairs.map((pair) => keyed(pair?.[1] ?? '', withoutQuotes(pair?.[2] ?? '')));
}

/** `Server=…;Password=…` of databases, storage and queues, and `host=… password=…` of libpq. */
function connectionParts(text: string): readonly Place[] | null {
  if (/[\r\n]/.test(text.trim())) return null;
  const separator = text.includes(';') ? ';' : ' ';
  const pairs = splitOutsideQuotes(text.trim(), separator).map((pair) =>
    /^\s*([A-Za-z][\w .-]*?)\s*=\s*(.*?)\s*$/.exec(pair),
  );
  if (pairs.length < 2 || pairs.includes(null)) return null;
  return pairs.map((pair) => keyed(pair?.[1] ?? '', withoutQuotes(pair?.[2] ?? '')));
}

function splitOutsideQuotes(text: string, separator: string): readonly string[] {
  const pieces = text.match(
    separator === ';' ? /(?:"[^"]*"|'[^']*'|[^;"'])+|["']/g : /(?:"[^"]*"|'[^']*'|[^\s"'])+|["']/g,
  );
  return (pieces ?? []).filter((piece) => piece.trim() !== '');
}

async function yamlParts(text: string): Promise<readonly Place[] | null> {
  if (!/^(?:-\s+)?["']?[\w./-]+["']?:(?:\s|$)/m.test(text) || linesOf(text).length < 2) return null;
  const { parseAllDocuments } = await import('yaml');
  const documents = parseAllDocuments(text, { logLevel: 'silent' });
  if (!Array.isArray(documents)) return null;
  const members: unknown[] = [];
  for (const document of documents) {
    if (document.errors.length > 0) return null;
    members.push(document.toJS({ maxAliasCount: 100 }));
  }
  const readable = members.filter((member) => typeof member === 'object' && member !== null);
  return readable.length === 0 ? null : readable.map((member) => ({ member, key: [], isSecret: false }));
}

function keyed(name: string, member: unknown): Place {
  const key = wordsOf(name);
  return { member, key, isSecret: isSecretKey(key) };
}

function withoutQuotes(text: string): string {
  return /^"(.*)"$/s.exec(text)?.[1] ?? /^'(.*)'$/s.exec(text)?.[1] ?? text;
}

/** The words of a key: `clientSecret`, `CLIENT_SECRET` and `client-secret` are the same two. */
function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

const secretWords =
  /^(?:\w*password|passwd|pass|passphrase|pwd|pw|pin|\w*token|\w*secrets?|\w*key|credentials?|auth|authorization|sas|sig|signature|cookie|dsn|connectionstring|otp|seed|salt|pat|jwt|bearer)$/;

/** Whether what is at a key is secret, by its last word (`private_key`, not `private_key_id`). */
function isSecretKey(words: readonly string[]): boolean {
  const named = words.at(-1) === 'data' || words.at(-1) === 'value' ? words.slice(0, -1) : words;
  if (named.some((word) => word === 'public' || word === 'publickey')) return false;
  return secretWords.test(named.at(-1) ?? '') || /^connection ?string$/.test(named.slice(-2).join(' '));
}

/** Whether a text at a key that says nothing looks like a generated secret, and not like a name, address or id. */
function looksRandom(text: string): boolean {
  if (text.length < 16 || !/^[A-Za-z0-9+/=_~!-]+$/.test(text)) return false;
  return /[a-z]/.test(text) && /[A-Z]/.test(text) && /\d/.test(text) && new Set(text).size >= 10;
}

/** Where no key says what is secret: every text of eight characters or more. */
function longTexts(value: string): readonly string[] {
  const texts: string[] = [];
  const places: unknown[] = jsonParts(value)?.map(({ member }) => member) ?? [];
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    if (typeof place === 'string' && place.length >= 8) texts.push(place);
    else if (typeof place === 'object' && place !== null) {
      const members: readonly unknown[] = Object.values(place);
      places.push(
        ...members.filter((member) => typeof member === 'string' || (typeof member === 'object' && member !== null)),
      );
    }
  }
  return texts;
}
