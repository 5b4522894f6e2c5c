/** What the inventories of the period say of secrets and versions; by lower-case `vault/secret`. */
export interface KnownSecrets {
  /** Whether any inventory was taken. */
  readonly isTaken: boolean;
  has(subject: string): boolean;
  /** When the version expires; `null` if it never does, `undefined` if no inventory lists it. */
  expiryOf(subject: string, version: string): string | null | undefined;
}
