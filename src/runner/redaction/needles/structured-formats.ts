import { keyed, type Place } from './secret-keys.ts';
import { linesOf, pemBodies } from './secret-lines.ts';

/** What is inside a text, by the first form that it has; `null` for none. */
export async function insideOf(text: string): Promise<readonly Place[] | null> {
  return (
    pemParts(text) ??
    jsonParts(text) ??
    urlParts(text) ??
    queryParts(text) ??
    environmentParts(text) ??
    connectionParts(text) ??
    credentialParts(text) ??
    elementParts(text) ??
    (await yamlParts(text))
  );
}

/** A PEM file is taken line by line elsewhere: it only counts as one here. */
function pemParts(text: string): readonly Place[] | null {
  return pemBodies(text) === null ? null : [];
}

function jsonParts(text: string): readonly Place[] | null {
  const begun = text.trimStart();
  if (!begun.startsWith('{') && !begun.startsWith('[')) return null;
  try {
    return [{ member: JSON.parse(text), key: [], isSecret: false }];
  } catch {
    return null;
  }
}

/**
 * `scheme://user:password@host?sig=…`, one or a line each (`.git-credentials`), the password as it is written and as it is
 * meant. What looks random elsewhere is secret: a token in place of a user, the path of a webhook.
 */
function urlParts(text: string): readonly Place[] | null {
  // Its members come after semicolons, as those of a connection string.
  if (!text.includes('://') || /^\s*jdbc:sqlserver:/i.test(text)) return null;
  const all = linesOf(text).map((line) => /^(?:jdbc:)?[a-z][a-z0-9+.-]*:\/\/(?:([^\s:@/[]*):)?(\S*)$/i.exec(line));
  if (all.length === 0 || all.includes(null)) return null;
  return all.flatMap((found) => partsOfUrl(found?.[1], found?.[2] ?? ''));
}

/** `user`: what comes before the first colon, which may be a host. */
function partsOfUrl(user: string | undefined, written: string): readonly Place[] {
  // A port and a path are no password, though an address may hold an `@`.
  const at = /^\d{1,5}(?:[/?]|$)/.test(written) ? -1 : written.lastIndexOf('@');
  const password = user === undefined || at === -1 ? '' : written.slice(0, at);
  const [path, query] = halves(written.slice(password === '' ? 0 : at + 1), '?');
  return [
    ...[password, unescaped(password)].map((member) => ({ member, key: ['password'], isSecret: true })),
    ...path.split(/[/@]/).map((member) => ({ member, key: [], isSecret: false, isNamed: false as const })),
    ...pairsOfQuery(query),
  ];
}

/** `?sv=…&sig=…`: a shared access signature alone. */
function queryParts(text: string): readonly Place[] | null {
  if (!text.includes('&')) return null;
  const query = /^\s*\??([\w.%-]+=[^&\s]*(?:&[\w.%-]+=[^&\s]*)+)\s*$/.exec(text)?.[1];
  return query === undefined ? null : pairsOfQuery(query);
}

function pairsOfQuery(query: string): readonly Place[] {
  return query.split('&').flatMap((pair) => {
    const [name, member] = halves(pair, '=');
    return [member, unescaped(member)].map((written) => keyed(name, written));
  });
}

/** What comes before a sign and what comes after it. */
function halves(text: string, sign: string): readonly [string, string] {
  const at = text.indexOf(sign);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that begins no escape: written as it is.
    return text;
  }
}

/** Lines of `NAME=value`, comments beside them; in `.npmrc` a name begins with an address. */
function environmentParts(text: string): readonly Place[] | null {
  if (!text.includes('=')) return null;
  const lines = linesOf(text).filter((line) => !line.startsWith('#') && !/^\[[^\]]*\]$/.test(line));
  const pairs = lines.map((line) => /^(?:export\s+)?([A-Za-z_@/][\w./:@-]*)\s*=\s*(.*)$/.exec(line));
  if (lines.length === 0 || pairs.includes(null)) return null;
  // One line is as likely a value that happens to hold an equals sign.
  if (linesOf(text).length === 1 && !/^(?:[A-Z_][A-Z0-9_]*|\/\/[^=\s]+:_\w+)=/.test(lines[0] ?? '')) return null;
  return pairs.map((pair) => keyed(pair?.[1] ?? '', withoutQuotes(pair?.[2] ?? '')));
}

/**
 * `Server=…;Password=…` of databases, storage and queues, `host=… password=…` of libpq, and `host:port,password=…` of
 * Redis. The first piece may be an address alone: `jdbc:sqlserver://host:1433;password=…`.
 */
function connectionParts(text: string): readonly Place[] | null {
  const trimmed = text.trim();
  if (!trimmed.includes('=') || trimmed.includes('\n') || trimmed.includes('\r')) return null;
  for (const separator of separatorsIn(trimmed)) {
    const pieces = (trimmed.match(separator) ?? []).filter((piece) => piece.trim() !== '');
    const isAfterAddress = /^(?=[^=]*[.:])[\w.:/\\-]+$/.test(pieces[0] ?? '');
    const pairs = pieces
      .slice(isAfterAddress ? 1 : 0)
      .map((piece) => /^\s*([A-Za-z][\w .-]*?)\s*=\s*(.*?)\s*$/.exec(piece));
    if (pieces.length < 2 || pairs.includes(null)) continue;
    return pairs.map((pair) => keyed(pair?.[1] ?? '', withoutQuotes(pair?.[2] ?? '')));
  }
  return null;
}

/** How the pieces of a connection string are told apart; none where nothing parts them. */
function separatorsIn(text: string): readonly RegExp[] {
  if (text.includes(';')) return [/(?:"[^"]*"|'[^']*'|[^;"'])+|["']/g];
  return /[\s,"']/.test(text) ? spacedOrListed : [];
}

const spacedOrListed = [/(?:"[^"]*"|'[^']*'|[^\s"'])+|["']/g, /(?:"[^"]*"|'[^']*'|[^,"'])+|["']/g];

/** One password at a place of its own: `.netrc`, `.pgpass`, Go's and Oracle's names of a database, a header. */
function credentialParts(text: string): readonly Place[] | null {
  const trimmed = text.trim();
  // A password has a place of its own after a colon or a space.
  if (!trimmed.includes(':') && !/\s/.test(trimmed)) return null;
  const found = /^(?:machine|default)\s/.test(trimmed)
    ? [...trimmed.matchAll(/\spassword\s+(\S+)/g)]
    : [onePassword.map((form) => form.exec(trimmed)).find((match) => match !== null)];
  const passwords = found.flatMap((match) => match?.[1] ?? []);
  if (passwords.length === 0) return null;
  return passwords.map((member) => ({ member, key: ['password'], isSecret: true }));
}

const onePassword = [
  /^[^\s:]+:(?:\d{1,5}|\*):[^\s:]+:[^\s:]+:(\S+)$/,
  /^[^\s:@/]+:(\S+)@(?:tcp|tcp6|unix)\([^()\s]*\)\/\S*$/,
  /^jdbc:oracle:\w+:[^\s/]+\/(\S+)@\S+$/i,
  /^(?:(?:proxy-)?authorization:\s*)?(?:bearer|basic|token)\s+(\S{8,})$/i,
];

/** Elements and attributes of XML: Maven's settings, profiles of a publication. */
function elementParts(text: string): readonly Place[] | null {
  if (!text.trimStart().startsWith('<') || !/^\s*<[?!\w]/.test(text)) return null;
  const elements = text.matchAll(/<([\w:.-]{1,64})(?:\s[^<>]{0,400})?>([^<>]+)<\//g);
  const attributes = text.matchAll(/\s([\w:.-]{1,64})\s?=\s?"([^"<>]*)"/g);
  const settings = text.matchAll(/\s(?:key|name)="([\w:.-]{1,64})"\s+(?:value|connectionString)="([^"<>]*)"/gi);
  const all = [...elements, ...attributes, ...settings];
  return all.flatMap(([, name = '', member = '']) =>
    [member, withoutEntities(member)].map((written) => keyed(name, written.trim())),
  );
}

function withoutEntities(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}

async function yamlParts(text: string): Promise<readonly Place[] | null> {
  if (!text.includes(':') || !/^(?:-\s+)?["']?[\w./-]+["']?:(?:\s|$)/m.test(text) || linesOf(text).length < 2)
    return null;
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

function withoutQuotes(text: string): string {
  return /^"(.*)"$/s.exec(text)?.[1] ?? /^'(.*)'$/s.exec(text)?.[1] ?? text;
}
