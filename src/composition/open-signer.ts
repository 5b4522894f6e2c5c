import type { TokenCredential } from '@azure/identity';
import type { Signer } from '../evidence/pack/signer.ts';
import { localSigner } from '../files/local-signer.ts';
import { ServiceError } from '../service-error.ts';
import type { Settings } from '../settings.ts';

/** The key that seals packs, opened when the first pack is sealed. */
export function openSigner({ signingKey, embedded }: Settings, credential: TokenCredential): () => Promise<Signer> {
  return async () => {
    if (signingKey === null) {
      throw new ServiceError('SETTINGS_MALFORMED', { faults: ['KEYTURN_SIGNING_KEY: needed to seal a pack'] });
    }
    if (signingKey.kind === 'file') return await localSigner(signingKey.path);
    // Loaded when a key of a vault seals: most installations of the embedded cloud and of one server have a file.
    const { keyVaultSigner } = await import('../azure/key-vault-signer.ts');
    return await keyVaultSigner({ keyId: signingKey.keyId, credential, embedded });
  };
}
