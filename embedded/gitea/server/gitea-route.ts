import type { Answer } from './answer.ts';
import type { Caller } from './caller.ts';
import type { GiteaInstance } from './gitea-instance.ts';
import type { StoredRepository, StoredUser } from './gitea-state.ts';

/** A complete request. */
export interface GiteaRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** The context of a route, after the check of the caller's rights. */
export interface RouteContext {
  readonly instance: GiteaInstance;
  readonly request: GiteaRequest;
  readonly parameters: Readonly<Record<string, string>>;
  readonly caller: Caller | null;
  /** The repository of the path. @throws Refusal 404 if it does not exist or the caller may not read it; Moved for a former name. */
  repository(): StoredRepository;
  /** The organisation of the path: an owner of repositories. @throws Refusal 404. */
  organisation(): string;
  /** The user of the path. @throws Refusal 404. */
  user(): StoredUser;
  /** The body as a JSON object. @throws Refusal 422 if it is not one. */
  body(): Readonly<Record<string, unknown>>;
}

/**
 * Who may use a route. `anyone`; `signed-in`; `actions-reader`: signed in, and the path's repository has Actions that the
 * caller may read; `administrator` of the site; `repository-administrator` of the path's
 * repository; `organisation-administrator`: of every repository of the path's organisation; `self-by-password`: the path's own user or a site administrator, by Basic authentication alone.
 */
type Access =
  | 'anyone'
  | 'signed-in'
  | 'actions-reader'
  | 'administrator'
  | 'repository-administrator'
  | 'organisation-administrator'
  | 'self-by-password';

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/api/v1`; `:name` is a parameter, and a final `*` is the rest of the path. */
  readonly pattern: string;
  readonly access: Access;
  /** The area of the scope that a token needs; `null`: none. Methods other than GET need `write`. */
  readonly area: 'admin' | 'issue' | 'organization' | 'repository' | 'user' | null;
  handle(context: RouteContext): Answer;
}
