import { composeKeyturn } from '../../compose.ts';
import { compareText } from '../../provenance/compare-text.ts';
import { describePerson } from '../../provenance/person.ts';
import { dayMs, parseDuration } from '../../secrets/duration.ts';
import { ServiceError } from '../../service-error.ts';
import {
  type ApiToken,
  endOf,
  isTokenName,
  isTokenScope,
  tokenScopes,
  type TokenScope,
} from '../../web/tokens/api-token.ts';
import { type ListedToken, recordedTokens, type TokenBook } from '../../web/tokens/token-book.ts';
import type { Run, Runtime } from '../command.ts';
import { required } from '../required.ts';
import { whoAsks } from '../who-asks.ts';
import type { tokenRow } from './token-row.ts';

const usualLifetime = '90d';
const longestDays = 366;

/** Makes, lists and revokes API tokens. */
export const token: Run<typeof tokenRow> = async ({ values, positionals }, runtime) => {
  const [action, name] = positionals;
  const { json } = values;
  if (action !== 'create' && (values.scope.length > 0 || values.expires !== undefined))
    refuse('--scope and --expires belong to create');
  // What is wrong with the words is said before anything is opened.
  const wanted = action === 'create' ? wantedToken(name, values.scope, values.expires) : null;
  const { records, logger, now } = await composeKeyturn(runtime.environment, { now: runtime.now });
  const book = recordedTokens({ records, logger, now });
  if (wanted !== null) {
    const { token: made, text } = await book.create({ ...wanted, by: whoAsks() });
    // The one time that it is shown.
    if (json) runtime.print(JSON.stringify({ ...shown(made, runtime), token: text.reveal() }));
    else tellOf(made, text.reveal(), runtime);
    return 0;
  }
  if (action === 'list') {
    if (name !== undefined) refuse('list takes no name');
    list(await book.list(), json, runtime);
    return 0;
  }
  const id = await idOf(book, required('token', 'ID or NAME', name), runtime.now());
  const revoked = await book.revoke(id, whoAsks());
  if (json) runtime.print(JSON.stringify(shown(revoked, runtime)));
  else runtime.print(`${revoked.name} (${id}): revoked; no request with it is answered any more.`);
  return 0;
};

function wantedToken(name: string | undefined, scopeWords: readonly string[], expires = usualLifetime) {
  const text = required('token', 'NAME', name);
  if (!isTokenName(text)) refuse('NAME takes letters, digits, blanks, dots, dashes and underscores, 60 at most');
  const lifetimeMs = parseDuration(expires);
  if (lifetimeMs === null || lifetimeMs === 0 || lifetimeMs > longestDays * dayMs)
    return refuse('--expires takes a duration such as 30d or 12h, a year at most');
  return { name: text, scopes: scopesIn(scopeWords), lifetimeMs };
}

function scopesIn(words: readonly string[]): readonly TokenScope[] {
  const asked = new Set(words.flatMap((word) => word.split(',')).map((word) => word.trim()));
  const known = [...asked].filter(isTokenScope);
  if (known.length === 0 || known.length < asked.size)
    return refuse(`--scope takes ${Object.keys(tokenScopes).join(', ')}, one or more of them`);
  return known.sort(compareText);
}

/** An id as it is, or the id of the one token of a name that still counts. */
async function idOf(book: TokenBook, word: string, now: Date): Promise<string> {
  if (/^[0-9a-f]{20}$/.test(word)) return word;
  const [first, ...others] = (await book.list()).filter((one) => one.name === word && endOf(one, now) === null);
  if (first === undefined) throw new ServiceError('API_TOKEN_UNKNOWN', { token: word.slice(0, 60) });
  if (others.length > 0)
    return refuse(`several tokens are called ${word}; revoke by id, as keyturn token list shows it`);
  return first.id;
}

function shown({ id, name, scopes, createdAt, createdBy, expiresAt, revoked }: ApiToken, { now }: Runtime) {
  const standing = endOf({ id, name, scopes, createdAt, createdBy, expiresAt, revoked }, now()) ?? 'valid';
  return { id, name, scopes, standing, createdAt, createdBy, expiresAt, revokedAt: revoked?.at ?? null };
}

function tellOf({ id, name, scopes, expiresAt }: ApiToken, text: string, { print, say }: Runtime): void {
  print(text);
  say(
    `${name} (${id}) has the ${scopes.length === 1 ? 'scope' : 'scopes'} ${scopes.join(', ')} until ${expiresAt.toISOString()}. It is shown this once: keep it as a secret.`,
  );
}

function list(tokens: readonly ListedToken[], json: boolean, runtime: Runtime): void {
  for (const one of tokens) {
    const { lastUsedAt } = one;
    const { standing } = shown(one, runtime);
    if (json) runtime.print(JSON.stringify({ ...shown(one, runtime), lastUsedAt }));
    else {
      const used = lastUsedAt === null ? 'never used' : `last used ${lastUsedAt.toISOString().slice(0, 13)}h`;
      const end = one.expiresAt.toISOString().slice(0, 16);
      const by = describePerson(one.createdBy);
      runtime.print(
        `${one.id}  ${one.name.padEnd(20)} ${standing.padEnd(8)} until ${end}Z  ${one.scopes.join(',')}  ${used}, made by ${by}`,
      );
    }
  }
  if (!json && tokens.length === 0) runtime.print('There are no API tokens.');
}

function refuse(reason: string): never {
  throw new ServiceError('USAGE_WRONG', { command: 'token', reason });
}
