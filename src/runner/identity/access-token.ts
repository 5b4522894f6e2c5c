import type { SecretValue } from '../../secrets/secret-value.ts';

/** A token for the vault, and its identity as stated in the token. */
export interface AccessToken {
  readonly token: SecretValue;
  /** Object id of the identity (claim `oid`), for messages; `null` if the token cannot be parsed. */
  readonly objectId: string | null;
  readonly tenantId: string | null;
}

/**
 * One kind of identity. `resource`: `https://vault.azure.net` or another cloud's equivalent.
 * @throws ServiceError IDENTITY_UNREACHABLE, IDENTITY_REFUSED, IDENTITY_FILE_UNREADABLE
 */
export type AccessTokenSource = (resource: string) => Promise<AccessToken>;
