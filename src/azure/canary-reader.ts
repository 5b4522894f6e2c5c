import type { CanaryRead, CanaryReader } from '../audit/collection/canary-reader.ts';
import { ServiceError } from '../service-error.ts';
import { type VaultAccess, vaultClient } from './vault-client.ts';
import { readFailure } from './vault-failure.ts';

/**
 * Reads the canary secret of each vault, so that its row shows that the log was written in that hour. The value is
 * discarded. A vault that cannot be read has no entry, and its hour becomes a gap. The other vaults' reads are still
 * returned, because their rows will be in the log and must be recognised as Keyturn's own.
 * @throws ServiceError of the first vault if none could be read.
 */
export function keyVaultCanaryReader(vaults: readonly VaultAccess[], secret: string): CanaryReader {
  const readers = vaults.map((access) => openCanary(access, secret));
  return {
    async read() {
      const results = await Promise.allSettled(readers.map((read) => read()));
      const reads = results.filter((result) => result.status === 'fulfilled').map(({ value }) => value);
      const failure = results.find((result) => result.status === 'rejected');
      if (reads.length === 0 && failure !== undefined) throw failure.reason;
      return reads;
    },
  };
}

function openCanary(access: VaultAccess, secret: string): () => Promise<CanaryRead> {
  const vault = access.vault.name;
  const opened = vaultClient(access);
  return async () => {
    let correlationId: string | undefined;
    try {
      await opened.client.getSecret(secret, {
        onResponse: ({ headers }) => {
          correlationId = headers.get('x-ms-request-id');
        },
      });
    } catch (error) {
      throw readFailure(error, { vault, secret });
    }
    const at = opened.serverTime();
    if (correlationId === undefined || at === null) {
      throw new ServiceError('VAULT_UNREACHABLE', { vault, reason: 'the answer has no x-ms-request-id or Date' });
    }
    return { vault, secret, correlationId: correlationId.toLowerCase(), at: at.toISOString() };
  };
}
