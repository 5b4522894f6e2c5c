import { dayMs } from '../../secrets/duration.ts';
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import type { IssuedCredential } from '../ports/credential-issuer.ts';
import type { NewSecretVersion, SecretVersion } from '../ports/secret-store.ts';
import { digestName } from '../rotation-id.ts';
import type { RotationTools } from '../rotation-tools.ts';
import { type VaultAccess, readValue, requireStore } from './vault-access.ts';
import { placeIn } from '../rotation-unit.ts';

const prefix = 'rot-pending--';
/** Key Vault's limit for the name of a secret. */
const nameLimit = 127;

/** Whether a secret's name is one of those that pending values wait under: not inventory, and nobody else's to read. */
export function isStagingName(name: string): boolean {
  return name.toLowerCase().startsWith(prefix);
}

/**
 * Where a secret's pending value waits, as `vault/name`. In a staging vault of its own, names of several vaults meet, so the
 * vault is part of the name. Names that would be too long are hashed.
 */
export function stagingPlace(stagingVault: string | null, member: string): string {
  const { vault, name: secret } = placeIn(member);
  const beside = stagingVault === null || stagingVault === vault;
  const plain = beside ? `${prefix}${secret}` : `${prefix}${vault}--${secret}`;
  const name = plain.length <= nameLimit ? plain : `${prefix}${digestName([vault, secret])}`;
  return `${stagingVault ?? vault}/${name.toLowerCase()}`;
}

export interface StagingAccess extends VaultAccess {
  readonly tools: Pick<RotationTools, 'accountFor' | 'stores' | 'now' | 'staging'>;
  /** The first secret of the target, `vault/name`: values wait under its name. */
  readonly member: string;
}

/** The version that keeps a value where a resume finds it, sealed by a keyed MAC over attempt, credential and value. */
export async function stagedVersion(
  access: StagingAccess,
  attemptId: string,
  credential: IssuedCredential,
  now: Date,
): Promise<NewSecretVersion> {
  return {
    name: placeIn(stagingPlace(access.tools.staging.vault, access.member)).name,
    value: credential.value,
    // Near its expiry from the start: whoever lists secrets sees that this one is not meant to last.
    expires: new Date(now.getTime() + dayMs),
    contentType: null,
    tags: {
      'rot-role': 'staging',
      'rotation-id': attemptId,
      CredentialId: credential.credentialId,
      'rot-seal': await sealOf(access, attemptId, credential),
    },
  };
}

/** The newest staged value of an attempt, or `null`: absent, disabled, of another attempt, or not sealed by us. */
export async function findStaged(
  access: StagingAccess,
  attemptId: string,
): Promise<{ readonly credential: IssuedCredential; readonly version: string } | null> {
  const [newest] = await enabledStaging(access);
  if (newest?.tags['rotation-id'] !== attemptId) return null;
  const credential = await openSealed(access, attemptId, newest);
  return credential === null ? null : { credential, version: newest.version };
}

/** Staging versions that are enabled, newest first. */
export async function enabledStaging({ tools, member }: StagingAccess): Promise<readonly SecretVersion[]> {
  const { vault, name } = placeIn(stagingPlace(tools.staging.vault, member));
  return (await requireStore(tools, vault).versions(name)).filter(({ enabled }) => enabled);
}

/**
 * The staged value that the journal names.
 * @throws ServiceError `STAGED_VALUE_LOST` or `STAGED_VALUE_REFUSED`: another writer disabled or replaced it.
 */
export async function readStaged(access: StagingAccess, attemptId: string, version: string): Promise<IssuedCredential> {
  const { vault, name: secret } = placeIn(stagingPlace(access.tools.staging.vault, access.member));
  const staged = (await enabledStaging(access)).find((one) => one.version === version);
  if (staged === undefined) throw new ServiceError('STAGED_VALUE_LOST', { vault, secret, version });
  const credential = await openSealed(access, attemptId, staged);
  if (credential === null) throw new ServiceError('STAGED_VALUE_REFUSED', { vault, secret, version });
  return credential;
}

async function openSealed(
  access: StagingAccess,
  attemptId: string,
  { version, tags }: SecretVersion,
): Promise<IssuedCredential | null> {
  const { CredentialId: credentialId, 'rot-seal': seal } = tags;
  if (credentialId === undefined || seal === undefined || tags['rotation-id'] !== attemptId) return null;
  const value = await readValue(access, stagingPlace(access.tools.staging.vault, access.member), version);
  if (value === null) return null;
  const expected = Buffer.from(await sealOf(access, attemptId, { credentialId, value }));
  const given = Buffer.from(seal);
  return given.length === expected.length && timingSafeEqual(given, expected) ? { credentialId, value } : null;
}

async function sealOf(
  access: StagingAccess,
  attemptId: string,
  { credentialId, value }: { credentialId: string; value: SecretValue },
): Promise<string> {
  const key = await access.tools.staging.key();
  // Lengths first, so that no two triples are the same text.
  const parts = [attemptId, credentialId, value.reveal()].map((part) => `${String(part.length)}:${part}`);
  return createHmac('sha256', key.reveal()).update(parts.join('\n')).digest('hex');
}
