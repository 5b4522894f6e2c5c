import type { MemoryVault } from './memory-secret-store.ts';

/** The event that Event Grid sends for a secret's newest version, or for an older one. */
export function nearExpiry(
  vault: MemoryVault,
  secret: string,
  { version, type = 'SecretNearExpiry' }: { readonly version?: string; readonly type?: string } = {},
): Readonly<Record<string, unknown>> {
  const named = version ?? vault.held(secret).at(-1)?.version ?? '';
  return {
    id: `event-${secret}-${named.slice(0, 8)}-${type}`,
    topic: '/subscriptions/S/resourceGroups/G/providers/Microsoft.KeyVault/vaults/KV',
    subject: secret,
    eventType: `Microsoft.KeyVault.${type}`,
    eventTime: '2026-03-01T00:00:00Z',
    data: {
      Id: `https://kv.vault.azure.net/secrets/${secret}/${named}`,
      VaultName: vault.name,
      ObjectType: 'Secret',
      ObjectName: secret,
      Version: named,
      NBF: null,
      EXP: '1772323200',
    },
    dataVersion: '1',
    metadataVersion: '1',
  };
}
