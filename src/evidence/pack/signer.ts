/** Signs statements of packs, with a Key Vault key or a local Ed25519 key; never the rotator's. */
export interface Signer {
  /** The key's fingerprint, which `verify --trust` expects. */
  readonly fingerprint: string;
  /** SubjectPublicKeyInfo, PEM. It is part of the pack, and proves nothing by itself. */
  readonly publicKey: string;
  readonly algorithm: 'ed25519' | 'es256';
  /** What is known of the key's age; absent where nothing is. No pack says it. */
  readonly life?: {
    /** `null`: not known. */
    readonly madeAt: Date | null;
    /** `null`: it has no end of its own. */
    readonly endsAt: Date | null;
  };
  /**
   * The signature over exactly these bytes (the DSSE pre-authentication encoding). Rejects if the key cannot be used.
   */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}
