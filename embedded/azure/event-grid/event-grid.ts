/**
 * Key Vault's events, delivered like Event Grid: at least once, in no particular order. The next sweep retries failed
 * deliveries.
 */
export interface EmbeddedEventGrid {
  /**
   * Delivers to a webhook (with the validation handshake) or calls a handler with one event. Returns a way to
   * unsubscribe.
   */
  subscribe(
    to:
      | { readonly webhook: string; readonly headers?: Readonly<Record<string, string>> }
      | { readonly handler: (event: unknown) => Promise<void> },
    options?: { readonly schema?: 'event-grid' | 'cloud-events'; readonly copies?: number },
  ): Promise<() => void>;
  /** Fires near-expiry and expired events that are due by the clock; the vault fires new-version events itself. */
  sweep(): Promise<number>;
  /** Fires one event for the newest version of a secret, due or not. */
  fire(type: 'SecretNearExpiry' | 'SecretExpired' | 'SecretNewVersionCreated', name: string): Promise<void>;
  /** Resolves once all running deliveries have been answered. */
  settled(): Promise<void>;
}
