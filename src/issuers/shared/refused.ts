import type { Verification } from '../../rotation/ports/credential-issuer.ts';

/** A credential that must not be published. `authenticated`: whether the provider accepted it nevertheless. */
export function refused(authenticated: boolean, reason: string): Verification {
  return { outcome: 'refused', authenticated, reason };
}
