import { createHash, createPublicKey } from 'node:crypto';
import type { TokenCredential } from '@azure/core-auth';
import { isRestError } from '@azure/core-rest-pipeline';
import { CryptographyClient, type JsonWebKey, KeyClient, type KeyVaultKey } from '@azure/keyvault-keys';
import { computeFingerprint, withLowS } from '../evidence/pack/dsse-envelope.ts';
import type { Signer } from '../evidence/pack/signer.ts';
import { ServiceError } from '../service-error.ts';
import { embeddedSwitch } from './embedded-switch.ts';

export interface SealingKey {
  /** `https://kv-seal.vault.azure.net/keys/seal`, or with a version appended. Without one the newest version signs. */
  readonly keyId: string;
  readonly credential: TokenCredential;
  /** Whether the vault is on this machine, for tests; defaults to `false`. */
  readonly embedded?: boolean;
}

/**
 * A signer with a P-256 key that never leaves Key Vault: the vault receives a digest, and logs every signature. The
 * version is fixed when the signer is created, so that fingerprint and signature belong to one key.
 * @throws ServiceError `SIGNING_KEY_UNUSABLE` for another kind of key or one that is disabled, `SIGNING_UNREACHABLE` if
 * the vault did not answer.
 */
export async function keyVaultSigner({ keyId, credential, embedded = false }: SealingKey): Promise<Signer> {
  const { vaultUrl, name, version } = parseKeyId(keyId);
  const options = embeddedSwitch({ embedded, url: vaultUrl });
  const keys = new KeyClient(vaultUrl, credential, options);
  const key = await asked(keyId, () => keys.getKey(name, version === null ? {} : { version }));
  const publicKey = exportPublicKey(keyId, key);
  const cryptography = new CryptographyClient(key, credential, options);
  return {
    fingerprint: computeFingerprint(publicKey),
    publicKey,
    algorithm: 'es256',
    life: { madeAt: key.properties.createdOn ?? null, endsAt: key.properties.expiresOn ?? null },
    async sign(bytes) {
      const digest = createHash('sha256').update(bytes).digest();
      const { result } = await asked(keyId, () => cryptography.sign('ES256', digest));
      // Two signatures are valid for one digest; a pack accepts only the one with the smaller s, so that the signature
      // is unique.
      return withLowS(result);
    },
  };
}

function parseKeyId(keyId: string): { vaultUrl: string; name: string; version: string | null } {
  const url = URL.parse(keyId);
  const [collection, name, version = null, ...rest] = (url?.pathname ?? '')
    .split('/')
    .filter((segment) => segment !== '');
  if (url === null || collection !== 'keys' || name === undefined || rest.length > 0) {
    throw new ServiceError('SIGNING_KEY_UNUSABLE', { key: keyId, reason: 'it is not the address of a key' });
  }
  return { vaultUrl: url.origin, name, version };
}

function exportPublicKey(keyId: string, { key, properties }: KeyVaultKey): string {
  const unusable = (reason: string): ServiceError => new ServiceError('SIGNING_KEY_UNUSABLE', { key: keyId, reason });
  if (properties.enabled === false) throw unusable('it is disabled');
  if (!isP256(key)) throw unusable('it is not a P-256 key');
  const point = { kty: 'EC', crv: 'P-256', x: base64url(key.x), y: base64url(key.y) };
  return createPublicKey({ key: point, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString();
}

function isP256(key: JsonWebKey | undefined): key is JsonWebKey & { x: Uint8Array; y: Uint8Array } {
  const elliptic = key?.kty === 'EC' || key?.kty === 'EC-HSM';
  return elliptic && key.crv === 'P-256' && key.x !== undefined && key.y !== undefined;
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

async function asked<Answer>(key: string, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (cause) {
    throw new ServiceError(
      'SIGNING_UNREACHABLE',
      { key, status: isRestError(cause) ? (cause.statusCode ?? null) : null },
      { cause },
    );
  }
}
