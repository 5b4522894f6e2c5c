import type { GiteaAuthentication } from './gitea-authentication.ts';

export type GiteaMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export type GiteaQuery = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export interface GiteaRequest {
  readonly query?: GiteaQuery;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Replaces the client's credential; `null` sends none. */
  readonly authentication?: GiteaAuthentication | null;
  readonly signal?: AbortSignal;
  /** Asked right before sending a request that changes something; one that is too late is not sent. */
  readonly deadline?: { hasPassed(): boolean } | undefined;
  /** Whether the body is text, such as a job's log. */
  readonly expectText?: boolean;
  /** Further statuses to return instead of throwing. 400, 404, 409, 412 and 422 are always returned. */
  readonly statuses?: readonly number[];
}

export interface GiteaAnswer {
  readonly status: number;
  /** Parsed JSON, text if the request asked for it, `null` if empty. From outside: parse before use. */
  readonly body: unknown;
  readonly headers: Headers;
}

/** Sends one request and returns its answer: `GiteaClient.request`. */
export type SendGiteaRequest = (method: GiteaMethod, path: string, request?: GiteaRequest) => Promise<GiteaAnswer>;
