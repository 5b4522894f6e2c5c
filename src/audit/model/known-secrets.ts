/** What the inventories of the period say of secrets and versions; by lower-case `vault/secret`. Times: ISO 8601, UTC. */
export interface KnownSecrets {
  /**
   * Whether an inventory up to the first one after the moment lists the secret; `undefined` if none was taken after it, so
   * that a new secret may still be listed.
   */
  isListed(subject: string, at: string): boolean | undefined;
  /** When the version expires, as was known at the moment; `null` if never, `undefined` if no inventory lists it. */
  expiryOf(subject: string, version: string, at: string): string | null | undefined;
}
