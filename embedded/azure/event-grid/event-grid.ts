/** Key Vault's events, delivered as Event Grid does: at least once, in no order. What was not taken comes again at the next sweep. */
export interface EmbeddedEventGrid {
  /** Delivers to a webhook (with the validation handshake) or calls a handler with one event. Gives a way to end it. */
  subscribe(
    to:
      | { readonly webhook: string; readonly headers?: Readonly<Record<string, string>> }
      | { readonly handler: (event: unknown) => Promise<void> },
    options?: { readonly schema?: 'event-grid' | 'cloud-events'; readonly copies?: number },
  ): Promise<() => void>;
  /** Fires near-expiry and expired events for versions whose time has come on the clock; the vault fires new-version events itself. */
  sweep(): Promise<number>;
  /** Fires one event for the newest version of a secret, due or not. */
  fire(type: 'SecretNearExpiry' | 'SecretExpired' | 'SecretNewVersionCreated', name: string): Promise<void>;
  /** Resolves when every delivery under way has been answered. */
  settled(): Promise<void>;
}
