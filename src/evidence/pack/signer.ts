/** Signs what a pack states. A Key Vault key or a local Ed25519 key; never the rotator's. */
export interface Signer {
  /** Names the key: its fingerprint is what `verify --trust` takes. */
  readonly fingerprint: string;
  /** SubjectPublicKeyInfo, PEM: travels with the pack, and proves nothing by itself. */
  readonly publicKey: string;
  readonly algorithm: 'ed25519' | 'es256';
  /** The signature over exactly these bytes (the DSSE pre-authentication encoding). Rejects when the key cannot be used. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}
