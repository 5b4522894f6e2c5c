import type { Role } from '../caller.ts';
import type { TokenScope } from '../tokens/api-token.ts';
import type { AnswerName, RequestName } from './components.ts';

type Method = 'GET' | 'POST' | 'OPTIONS';

/** A body of an answer: a named schema in JSON, a kind of text, nothing, or where a browser is led. */
export type AnswerBody =
  | AnswerName
  | readonly AnswerName[]
  | 'text/plain'
  | 'text/html'
  | 'any'
  | 'empty'
  | 'to a form'
  | 'to a page';

/** How the sender of a request proves who it is. */
export type Proof =
  /** Open, for supervisors: tells nothing but a state. */
  | 'probe'
  | 'none'
  /** As the table of the portal's pages says. */
  | 'page'
  | { readonly role: Role; readonly scope: TokenScope | 'any' | null }
  | 'eventGrid'
  | 'giteaSignature'
  | 'runtimeToken'
  | 'runtimeTokenAndKey'
  | 'key';

interface RouteDetails {
  readonly proof: Proof;
  readonly parameters?: readonly { readonly name: string; readonly says: string }[];
  /** Each is optional and a text. */
  readonly query?: Readonly<Record<string, string>>;
  /** Each must be there. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestName | 'bytes';
  /** Refusals that any route may have need no line. */
  readonly answers: Readonly<Record<number, AnswerBody>>;
}

/** One route of the HTTP interface. `path`: as OpenAPI writes it, with parameters in braces. */
export interface RouteDescription extends RouteDetails {
  readonly method: Method;
  readonly path: string;
  readonly summary: string;
}

export function route(method: Method, path: string, summary: string, details: RouteDetails): RouteDescription {
  return { method, path, summary, ...details };
}
