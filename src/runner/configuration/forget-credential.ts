import type { IdentityConfiguration } from './fetch-configuration.ts';
import { clearVariable } from './clear-variable.ts';

/** From here on only this process's memory holds the client secret: no other process of this user can look it up. */
export function forgetCredential(identity: IdentityConfiguration, say: (line: string) => void): void {
  if (identity.kind !== 'service-principal' || identity.secretVariable === null) return;
  if (clearVariable(identity.secretVariable)) return;
  say('the client secret stays in the environment of this process on this system; use secretFile instead');
}
