import type { Principal } from '../identity/managed-identity.ts';
import type { VaultConfiguration } from './vault-configuration.ts';

/**
 * A fault for the next matching request. `times` counts down; 0 is off. Requests without a valid token trigger no
 * fault, so that a new client's challenge probe does not use one up. Only one fault that breaks a request applies at a
 * time; a delay combines with any.
 */
export interface VaultFault {
  readonly kind: 'lose-answer' | 'fail-before' | 'fail-after' | 'throttle' | 'delay' | 'deny';
  /** `PUT`, `GET`, …; any when absent. */
  readonly method?: string;
  /** Secret name; any when absent. */
  readonly secret?: string;
  readonly times: number;
  readonly status?: number;
  readonly retryAfterSeconds?: number | null;
  readonly delayMs?: number;
  /** `ForbiddenByRbac`, `ForbiddenByConnection`, … for `deny`. */
  readonly innerCode?: string;
}

export interface EmbeddedKeyVault {
  readonly name: string;
  /** `http://localhost:PORT`, the vault's address. */
  readonly url: string;
  /** Lower-case Azure Resource Manager id. */
  readonly resourceId: string;
  /**
   * Assigns a principal a role with these rights, on one secret or, without a name, on the vault. Without an assignment:
   * 403 ForbiddenByRbac. Listing covers the whole vault, so it needs `list` on the vault, as in Azure.
   */
  grant(
    principal: Principal,
    rights: readonly ('get' | 'set' | 'list' | 'update' | 'delete' | 'recover')[],
    secret?: string,
  ): void;
  revokeGrants(principal: Principal): void;
  /** How it is set up; Resource Manager shows it, and the vault obeys it. */
  readonly configuration: VaultConfiguration;
  /** How many requests arrived in each hour (its start, ISO 8601): the vault's metric, which does not come from the log. */
  requestsByHour(): ReadonlyMap<string, number>;
  fault(fault: VaultFault): void;
  /**
   * The number of writes allowed in ten seconds, then 429 (with Retry-After if seconds are given); `null` means no
   * limit.
   */
  limitWrites(perTenSeconds: number | null, retryAfterSeconds?: number | null): void;
  /** Every value that it ever held, for leak tests. */
  everyValue(): readonly string[];
  /** Adds a version without a request, log row or event, as existing data. Returns its version. */
  seed(secret: {
    readonly name: string;
    readonly value: string;
    readonly created?: Date;
    readonly expires?: Date | null;
    readonly notBefore?: Date;
    readonly enabled?: boolean;
    readonly contentType?: string;
    readonly tags?: Readonly<Record<string, string>>;
    /** The secret of a certificate: it may be read, but not set, changed or deleted. */
    readonly managed?: boolean;
  }): string;
  /** Its contents without values, for assertions. */
  versions(name: string): readonly {
    readonly version: string;
    readonly enabled: boolean;
    readonly created: Date;
    readonly expires: Date | null;
    readonly tags: Readonly<Record<string, string>>;
  }[];
}
