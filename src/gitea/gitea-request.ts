import type { GiteaAuthentication } from './gitea-authentication.ts';

export type GiteaMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export type GiteaQuery = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export interface GiteaRequest {
  readonly query?: GiteaQuery;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Instead of the client's own; `null` sends none. */
  readonly authentication?: GiteaAuthentication | null;
  readonly signal?: AbortSignal;
  /** Takes the body as text, such as a job's log. */
  readonly expectText?: boolean;
  /** Statuses that mean something to the caller and are given back instead of thrown. 404, 400, 409 and 422 always are. */
  readonly statuses?: readonly number[];
}

export interface GiteaAnswer {
  readonly status: number;
  /** Parsed JSON, text where that was asked for, `null` when there is none. From outside: parse before use. */
  readonly body: unknown;
  readonly headers: Headers;
}

/** Sends one request and returns its answer: `GiteaClient.request`. */
export type SendGiteaRequest = (method: GiteaMethod, path: string, request?: GiteaRequest) => Promise<GiteaAnswer>;
