import type { CredentialIssuer } from '../../rotation/ports/credential-issuer.ts';
import type { CredentialClass } from '../../rotation/ports/rotation-steps.ts';
import { ServiceError } from '../../service-error.ts';

/**
 * Replaces an issuer whose settings are missing, so that a policy that binds it reports which setting to add instead of
 * an unknown issuer.
 */
export function unconfiguredIssuer(name: string, credentialClass: CredentialClass, missing: string): CredentialIssuer {
  const refusal = () => Promise.reject(new ServiceError('ISSUER_NOT_CONFIGURED', { issuer: name, missing }));
  return {
    name,
    credentialClass,
    check: () => [{ place: 'issuer', reason: `needs ${missing}` }],
    propose: () => null,
    issue: refusal,
    verify: refusal,
    describe: refusal,
    list: refusal,
    revoke: refusal,
    lastUsed: refusal,
  };
}
