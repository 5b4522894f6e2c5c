import type { Person } from '../provenance/person.ts';
import type { TokenScope } from './tokens/api-token.ts';

/** `auditor` reads evidence; `operator` may also ask for rotations and approve them. */
export type Role = 'auditor' | 'operator';

/** The sender of a request. `nobody` carries the answer; `refused` also applies to hooks and sign-in links. */
export type Who =
  | {
      readonly kind: 'somebody';
      readonly person: Person;
      readonly roles: readonly Role[];
      /** What an API token may do, which has no roles; `null` for people and accounts with roles. */
      readonly scopes: readonly TokenScope[] | null;
    }
  | { readonly kind: 'nobody'; readonly status: 401 | 403; readonly refused: boolean; readonly reason: string };

/** Where a request came from. */
export interface Connection {
  /** Whether the connection came from this machine, by the socket's own address, never by a header. */
  readonly loopback: boolean;
  /** The other end of the socket; absent where only the platform's front end knows it. */
  readonly address?: string;
}
