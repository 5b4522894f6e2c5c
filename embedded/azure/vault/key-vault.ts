import type { Principal } from '../identity/managed-identity.ts';

/**
 * What the next matching request meets. `times` counts down; 0 is off. Requests without a good token meet none, so that the
 * challenge probe of a new client does not use one up. Faults that break a request wait for each other; a delay goes with any.
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
  /** `http://localhost:PORT`, to be used as the vault's address. */
  readonly url: string;
  /** Lower-case Azure Resource Manager id. */
  readonly resourceId: string;
  /**
   * Gives a principal rights over secrets whose name matches (`*` at the end allowed). Without a grant: 403 ForbiddenByRbac.
   * Listing secrets speaks of the whole vault: it needs `list` over all names, as in Azure.
   */
  grant(
    principal: Principal,
    rights: readonly ('get' | 'set' | 'list' | 'update' | 'delete' | 'recover')[],
    names?: string,
  ): void;
  revokeGrants(principal: Principal): void;
  fault(fault: VaultFault): void;
  /** Requests of writes allowed in ten seconds, then 429 (with Retry-After where seconds are given); `null` is without limit. */
  limitWrites(perTenSeconds: number | null, retryAfterSeconds?: number | null): void;
  /** Every value it ever held, for leak tests. */
  everyValue(): readonly string[];
  /** Puts a version in place without a request, a log row or an event: what was there before the story. Gives its version. */
  seed(secret: {
    readonly name: string;
    readonly value: string;
    readonly created?: Date;
    readonly expires?: Date | null;
    readonly notBefore?: Date;
    readonly enabled?: boolean;
    readonly contentType?: string;
    readonly tags?: Readonly<Record<string, string>>;
    /** The secret side of a certificate: may be read, not set, changed or deleted. */
    readonly managed?: boolean;
  }): string;
  /** What it holds, values left out, for assertions. */
  versions(name: string): readonly {
    readonly version: string;
    readonly enabled: boolean;
    readonly created: Date;
    readonly expires: Date | null;
    readonly tags: Readonly<Record<string, string>>;
  }[];
}
