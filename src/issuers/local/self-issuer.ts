import type { CredentialIssuer, IssueRequest } from '../../rotation/ports/credential-issuer.ts';
import type { SecretBinding } from '../../secrets/policy.ts';
import type { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import { refused } from '../shared/refused.ts';
import type { TargetFault } from '../shared/target-shape.ts';

interface SelfIssuer {
  readonly name: string;
  readonly check: (binding: SecretBinding) => readonly TargetFault[];
  /** Creates a new value by the target's rules. @throws ServiceError `ISSUER_TARGET_REFUSED`. */
  readonly make: (request: IssueRequest) => SecretValue;
  /** Whether a value follows the target's rules. */
  readonly accepts: (request: IssueRequest, value: SecretValue) => boolean;
}

/** An issuer without a provider: there is nothing to look for, and nothing to revoke. */
export function selfIssuer({ name, check, make, accepts }: SelfIssuer): CredentialIssuer {
  return {
    name,
    credentialClass: 'self',
    check,
    propose: make,
    issue: async (request, proposed) => {
      if (proposed === null || !accepts(request, proposed)) {
        const { vault, name: secret } = request.binding;
        const details = {
          issuer: name,
          secret: `${vault}/${secret}`,
          place: 'value',
          reason: "does not follow the target's rules",
        };
        throw new ServiceError('ISSUER_TARGET_REFUSED', details);
      }
      return { credentialId: request.rotationId, value: proposed };
    },
    verify: async (request, { value }) => {
      if (!accepts(request, value)) return refused(false, "the value does not follow the target's rules");
      const notes = ['no provider to ask: the value follows the rules of its target'];
      return { outcome: 'works', principal: name, notes };
    },
    describe: () => Promise.resolve({ outcome: 'absent' }),
    list: () => Promise.resolve([]),
    revoke: () => Promise.resolve({ outcome: 'absent' }),
    lastUsed: () => Promise.resolve(null),
  };
}
