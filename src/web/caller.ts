import type { Person } from '../provenance/person.ts';

/** `auditor` reads evidence; `operator` may also ask for rotations and approve them. */
export type Role = 'auditor' | 'operator';

/** Who is asking. `nobody` carries the answer they get; `refused` is what no hook and no sign-in link may pass. */
export type Who =
  | { readonly kind: 'somebody'; readonly person: Person; readonly roles: readonly Role[] }
  | { readonly kind: 'nobody'; readonly status: 401 | 403; readonly refused: boolean; readonly reason: string };
