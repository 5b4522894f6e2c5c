import type { LoopbackAnswer } from '../../loopback-server.ts';

/** A route's answer: JSON, plain bytes or nothing. */
export type Answer = Exclude<LoopbackAnswer, { readonly lost: true }>;

export function json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Answer {
  // Gitea's API writes no space before charset; its web framework does, see `text`.
  return { status, body, headers: { 'content-type': 'application/json;charset=utf-8', ...headers } };
}

/** As a file: bytes that are not JSON. */
export function bytes(status: number, body: Uint8Array, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, body, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers } };
}

/** One line of plain text. */
export function text(status: number, line: string): Answer {
  return bytes(status, Buffer.from(`${line}\n`));
}

export function nothing(status = 204): Answer {
  return { status };
}

/**
 * Ends a route with Gitea's error body: `message`, the address of the API's description, and `errors` (`null` or a list) if
 * the handler writes that member.
 */
export class Refusal extends Error {
  readonly status: number;
  readonly errors: readonly string[] | null | undefined;
  constructor(status: number, message: string, errors?: readonly string[] | null) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}

/** Ends a route with a redirect to the repository's current name. `location`: path and query. */
export class Moved extends Error {
  readonly location: string;
  constructor(location: string) {
    super('The repository has another name now.');
    this.location = location;
  }
}

/** Gitea's answer for objects that are missing or that the caller may not see. */
export function notFound(errors: readonly string[] | null = null): Refusal {
  return new Refusal(404, 'not found', errors);
}

/** The web framework's answer to an unknown path. */
export function unknownRoute(): Answer {
  return text(404, '404 page not found');
}

/** A 301 in the form of Go's `http.Redirect`: relative address, HTML body. */
export function moved({ location }: Moved): Answer {
  const body = `<a href="${location.replaceAll('&', '&amp;')}">Moved Permanently</a>.\n\n`;
  return { status: 301, body, headers: { location, 'content-type': 'text/html; charset=utf-8' } };
}
