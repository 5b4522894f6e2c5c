import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SecretValue } from '../secrets/secret-value.ts';
import { ServiceError } from '../service-error.ts';
import type { IssuedCredential } from './ports/credential-issuer.ts';
import { digestName, parseAttemptId } from './rotation-id.ts';
import type { RotationWork } from './rotation-work.ts';
import type { SecretVersion } from './ports/secret-store.ts';
import { operation, readValue, storeOf } from './vault-access.ts';

const prefix = 'rot-pending--';
/** Key Vault's limit for the name of a secret. */
const nameLimit = 127;
const dayMs = 86_400_000;

/** Whether a secret's name is one of those that pending values wait under: not inventory, and nobody else's to read. */
export function isStagingName(name: string): boolean {
  return name.toLowerCase().startsWith(prefix);
}

/**
 * Where a secret's pending value waits. In a staging vault of its own, names of several vaults meet, so the vault is part of it.
 * Names that would be too long are hashed.
 */
export function stagingPlace(
  stagingVault: string | null,
  { vault, secret }: { vault: string; secret: string },
): { readonly vault: string; readonly name: string } {
  const beside = stagingVault === null || stagingVault === vault;
  const plain = beside ? `${prefix}${secret}` : `${prefix}${vault}--${secret}`;
  const name = plain.length <= nameLimit ? plain : `${prefix}${digestName([vault, secret])}`;
  return { vault: stagingVault ?? vault, name: name.toLowerCase() };
}

/**
 * Puts a value that cannot be read back where a resume finds it, sealed by a keyed MAC over attempt, credential and value.
 * Gives the staging version. @throws ServiceError `VAULT_ANSWER_UNCLEAR` when it may or may not be there: look with `findStaged`.
 */
export async function stage(work: RotationWork, credential: IssuedCredential): Promise<SecretVersion> {
  const place = placeOf(work);
  const added = await storeOf(work.tools, place.vault).add({
    name: place.name,
    value: credential.value,
    // Near its expiry from the start: whoever lists secrets sees that this one is not meant to last.
    expires: new Date(work.tools.now().getTime() + dayMs),
    contentType: null,
    tags: {
      'rot-role': 'staging',
      'rotation-id': work.attemptId,
      CredentialId: credential.credentialId,
      'rot-seal': await sealOf(work, credential),
    },
  });
  work.note(operation(work.tools, 'SecretSet', place.vault, place.name, added.version));
  return added;
}

/** The newest staged value of this attempt, or `null`: absent, disabled, of another attempt, or not sealed by us. */
export async function findStaged(
  work: RotationWork,
): Promise<{ credential: IssuedCredential; version: string } | null> {
  const place = placeOf(work);
  const staged = await storeOf(work.tools, place.vault).latest(place.name);
  if (staged === null || !staged.enabled || staged.tags['rotation-id'] !== work.attemptId) return null;
  const credential = await openSealed(work, staged);
  return credential === null ? null : { credential, version: staged.version };
}

/**
 * The staged value that the journal names.
 * @throws ServiceError `STAGED_VALUE_LOST` or `STAGED_VALUE_REFUSED`: somebody else was there.
 */
export async function readStaged(work: RotationWork, version: string): Promise<IssuedCredential> {
  const place = placeOf(work);
  const details = { vault: place.vault, secret: place.name, version };
  const versions = await storeOf(work.tools, place.vault).versions(place.name);
  const staged = versions.find((one) => one.version === version);
  if (staged === undefined || !staged.enabled) throw new ServiceError('STAGED_VALUE_LOST', details);
  const credential = await openSealed(work, staged);
  if (credential === null) throw new ServiceError('STAGED_VALUE_REFUSED', details);
  return credential;
}

/** Disables the staging version of this attempt; none is deleted, for a deleted name cannot be used again. */
export async function disableStaged(work: RotationWork): Promise<void> {
  const version = work.rotation.stagingVersion;
  if (version === null) return;
  const place = placeOf(work);
  await storeOf(work.tools, place.vault).update(place.name, version, { enabled: false });
  work.note(operation(work.tools, 'SecretUpdate', place.vault, place.name, version));
}

/** Where this rotation stages: under the name of its first member. */
export function placeOf(work: RotationWork): { readonly vault: string; readonly name: string } {
  return stagingPlace(work.tools.staging.vault, work.rotation.claim.members[0]);
}

async function openSealed(work: RotationWork, staged: SecretVersion): Promise<IssuedCredential | null> {
  const place = placeOf(work);
  const credentialId = staged.tags['CredentialId'];
  const seal = staged.tags['rot-seal'];
  if (credentialId === undefined || seal === undefined || parseAttemptId(staged.tags['rotation-id']) === null)
    return null;
  const value = await readValue(work, { vault: place.vault, secret: place.name, version: staged.version });
  if (value === null) return null;
  const expected = Buffer.from(await sealOf(work, { credentialId, value }));
  const given = Buffer.from(seal);
  return given.length === expected.length && timingSafeEqual(given, expected) ? { credentialId, value } : null;
}

async function sealOf(
  work: RotationWork,
  { credentialId, value }: { credentialId: string; value: SecretValue },
): Promise<string> {
  const { key: readKey, keySecret } = work.tools.staging;
  const key = await readKey();
  if (keySecret !== undefined) work.note(operation(work.tools, 'SecretGet', keySecret.vault, keySecret.name, null));
  // Lengths first, so that no two triples are the same text.
  const parts = [work.attemptId, credentialId, value.reveal()].map((part) => `${String(part.length)}:${part}`);
  return createHmac('sha256', key.reveal()).update(parts.join('\n')).digest('hex');
}
