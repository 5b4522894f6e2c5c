import type { HttpExchange } from '../http-exchange.ts';
import type { Runtime } from '../runtime.ts';

/** What an identity needs to request a token. `authority`: PEM of a further trusted certificate authority. */
export interface IdentityPorts {
  readonly exchange: HttpExchange;
  readonly runtime: Runtime;
  readonly gitea: string | null;
  readonly authority?: string | undefined;
}
