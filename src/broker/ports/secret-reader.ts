import type { SecretReference } from '../../secrets/secret-reference.ts';
import type { SecretValue } from '../../secrets/secret-value.ts';

/** One version of a secret, with what the vault says of it. */
export interface ReadSecret {
  readonly value: SecretValue;
  readonly version: string;
  readonly validFrom: Date | null;
  readonly expires: Date | null;
  /** The vault's own id of the request, lower-case: the row of its log has the same. */
  readonly requestId: string;
  /** The vault's time of the answer. */
  readonly at: Date;
}

/** Reads single secrets with the broker's own identity. It can neither list nor set. */
export interface SecretReader {
  /**
   * Reads once. `userAgent` stands in the vault's log. `requestId` receives the vault's id of the request, also when the
   * vault refuses.
   * @throws ServiceError `SECRET_MISSING`, `SECRET_DISABLED`, `VAULT_ACCESS_DENIED`, `VAULT_THROTTLED`, `VAULT_UNREACHABLE`
   */
  read(
    secret: SecretReference,
    request: { readonly userAgent: string; readonly answered: (requestId: string) => void },
  ): Promise<ReadSecret>;
}
