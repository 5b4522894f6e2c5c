/** What a route answers: JSON, plain bytes or nothing. */
export interface Answer {
  readonly status: number;
  readonly json?: unknown;
  readonly bytes?: Buffer;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, json: body, headers };
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
