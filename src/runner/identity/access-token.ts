import type { SecretValue } from '../../secrets/secret-value.ts';

/** A token for the vault, and whose it is as far as the token tells. */
export interface AccessToken {
  readonly token: SecretValue;
  /** Object id of the identity (claim `oid`), for messages; `null` where the token cannot be read. */
  readonly objectId: string | null;
  readonly tenantId: string | null;
}

/**
 * One kind of identity. `resource`: `https://vault.azure.net` or its counterpart of another cloud.
 * @throws ServiceError IDENTITY_UNREACHABLE, IDENTITY_REFUSED, IDENTITY_FILE_UNREADABLE
 */
export type AccessTokenSource = (resource: string) => Promise<AccessToken>;
