import type { TokenCredential } from '@azure/identity';
import { keyVaultSigner } from '../azure/key-vault-signer.ts';
import type { Signer } from '../evidence/signer.ts';
import { localSigner } from '../files/local-signer.ts';
import { ServiceError } from '../service-error.ts';
import type { Settings } from '../settings.ts';

/** The key that seals packs, opened when the first pack is sealed. */
export function openSigner({ signingKey }: Settings, credential: TokenCredential): () => Promise<Signer> {
  return async () => {
    if (signingKey === null) {
      throw new ServiceError('SETTINGS_MALFORMED', { faults: ['KEYTURN_SIGNING_KEY: needed to seal a pack'] });
    }
    return signingKey.kind === 'file'
      ? await localSigner(signingKey.path)
      : await keyVaultSigner({ keyId: signingKey.keyId, credential });
  };
}
