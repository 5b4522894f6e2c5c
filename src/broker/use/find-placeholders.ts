import { placeholderPattern } from '../../provenance/use-exchange.ts';
import type { UseRequest } from './use-request.ts';

/** A placeholder and where it stands: a place as the policy writes it, or one that no policy opens. */
interface Occurrence {
  readonly placeholder: string;
  readonly place: string;
}

/**
 * Finds everything in a request that has the form of a placeholder. `body`: only if the broker holds it whole.
 * Places that no policy opens are `path`, and `query` for the name of a field.
 */
export function findPlaceholders({ url, headers }: UseRequest, body: Buffer | null): readonly Occurrence[] {
  return [
    ...headers.flatMap(([name, value]) => [
      ...found(value, `header:${name.toLowerCase()}`),
      ...found(name, 'header'),
      ...(isAuthorization(name) ? found(basicText(value) ?? '', 'basic') : []),
    ]),
    ...found(url.pathname, 'path'),
    ...queryFields(url).flatMap(({ name, rawName, rawValue }) => [
      ...found(rawName, 'query'),
      ...found(rawValue, `query:${name}`),
    ]),
    ...found(body?.toString('latin1') ?? '', 'body'),
  ];
}

function found(text: string, place: string): readonly Occurrence[] {
  return [...text.matchAll(placeholderPattern)].map(([placeholder]) => ({ placeholder, place }));
}

export function isAuthorization(name: string): boolean {
  return name.toLowerCase() === 'authorization';
}

/** User and password of Basic authentication, as `user:password`; `null` for another scheme. Source: RFC 7617. */
export function basicText(value: string): string | null {
  const encoded = /^basic +([A-Za-z0-9+/_-]+={0,2}) *$/i.exec(value)?.[1];
  return encoded === undefined ? null : Buffer.from(encoded, 'base64').toString('utf8');
}

/** The fields of a query in their order, as they are written. */
export function queryFields({ search }: URL): readonly {
  readonly name: string;
  readonly rawName: string;
  /** `null`: without an equals sign. */
  readonly value: string | null;
  readonly rawValue: string;
}[] {
  if (search.length < 2) return [];
  return search
    .slice(1)
    .split('&')
    .map((field) => {
      const at = field.indexOf('=');
      const rawName = at === -1 ? field : field.slice(0, at);
      const value = at === -1 ? null : field.slice(at + 1);
      return { name: decodedName(rawName), rawName, value, rawValue: value ?? '' };
    });
}

function decodedName(raw: string): string {
  try {
    return decodeURIComponent(raw.replaceAll('+', ' '));
  } catch {
    // No escape: it names itself.
    return raw;
  }
}
