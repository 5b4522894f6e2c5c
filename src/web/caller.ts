import type { Person } from '../provenance/person.ts';

/** `auditor` reads evidence; `operator` may also ask for rotations and approve them. */
export type Role = 'auditor' | 'operator';

/** The sender of a request. `nobody` carries the answer; `refused` also applies to hooks and sign-in links. */
export type Who =
  | { readonly kind: 'somebody'; readonly person: Person; readonly roles: readonly Role[] }
  | { readonly kind: 'nobody'; readonly status: 401 | 403; readonly refused: boolean; readonly reason: string };
