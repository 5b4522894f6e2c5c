import type { ReceiptRequest } from '../../provenance/receipt.ts';
import type { SecretValue } from '../../secrets/secret-value.ts';
import type { ServiceError } from '../../service-error.ts';

/** One version of one secret, as the vault served it. */
export interface ServedSecret {
  readonly value: SecretValue;
  readonly version: string;
  readonly validFrom: Date | null;
  readonly expires: Date | null;
}

/** The result of one logical read, including retries. */
export interface SecretRead {
  readonly vault: string;
  readonly name: string;
  readonly clientRequestId: string;
  readonly outcome:
    | { readonly kind: 'served'; readonly secret: ServedSecret }
    | { readonly kind: 'failed'; readonly error: ServiceError };
  /** Every request that the vault answered, in order. */
  readonly requests: readonly ReceiptRequest[];
  /** The caller's address as the vault saw it. */
  readonly address: string | null;
  readonly clockOffsetMs: number | null;
}

/** What a receipt can be made of: a read, or a listing, whose `name` is its prefix and `*`. */
export type ReceiptedRead = Omit<SecretRead, 'outcome'> & {
  readonly outcome: SecretRead['outcome'] | { readonly kind: 'listed' };
};
