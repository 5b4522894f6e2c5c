import type { ClaimedMember } from './journal-entry.ts';
import { bindingKey } from './rotation-unit.ts';

/** `vault/name`: how the journal names a member. */
export function keyOf({ vault, secret }: ClaimedMember): string {
  return bindingKey({ vault, name: secret });
}
