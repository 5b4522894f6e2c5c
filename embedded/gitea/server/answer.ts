import type { LoopbackAnswer } from '../../loopback-server.ts';

/** What a route answers: JSON, plain bytes or nothing. */
export type Answer = Exclude<LoopbackAnswer, { readonly lost: true }>;

export function json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, body, headers };
}

/** As a file: bytes that are no JSON. */
export function bytes(status: number, body: Uint8Array, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, body, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers } };
}

export function nothing(status = 204): Answer {
  return { status };
}

/** Ends a route with Gitea's error body: `message` and the address of the API's description. */
export class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function notFound(): Refusal {
  // Gitea says the same of what is missing and of what the caller may not see.
  return new Refusal(404, "The target couldn't be found.");
}
