import type { SecretValue } from '../../secrets/secret-value.ts';
import { versionKey, type TargetState } from '../journal/target-state.ts';
import type { IssuedCredential } from '../ports/credential-issuer.ts';
import type { SecretVersion } from '../ports/secret-store.ts';
import { type VaultAccess, placeIn, readValue, requireStore } from './vault-access.ts';

/** The versions of each secret, newest first, by `vault/name`. */
export async function allVersions(
  { tools }: Pick<VaultAccess, 'tools'>,
  members: readonly string[],
): Promise<ReadonlyMap<string, readonly SecretVersion[]>> {
  const versions = new Map<string, readonly SecretVersion[]>();
  for (const member of members) {
    const { vault, name } = placeIn(member);
    versions.set(member, await requireStore(tools, vault).versions(name));
  }
  return versions;
}

/**
 * The value of a credential, read from an enabled version that holds it: its newest one where it is in force.
 * `null` when none does. `prefer`: the secret whose form of it is wanted.
 */
export async function valueOf(
  access: VaultAccess,
  state: TargetState,
  credential: string,
  prefer: string | null = null,
): Promise<SecretValue | null> {
  const members = [...state.current.keys()];
  if (prefer !== null) {
    const own =
      (await newestValue(access, state, credential, [prefer])) ?? (await anyValue(access, state, credential, [prefer]));
    if (own !== null) return own;
  }
  return (
    (await newestValue(access, state, credential, members)) ?? (await anyValue(access, state, credential, members))
  );
}

async function newestValue(
  access: VaultAccess,
  { current, holds }: TargetState,
  credential: string,
  members: readonly string[],
): Promise<SecretValue | null> {
  for (const member of members) {
    const version = current.get(member);
    if (version === undefined || holds.get(versionKey(member, version)) !== credential) continue;
    const value = await readValue(access, member, version);
    if (value !== null) return value;
  }
  return null;
}

async function anyValue(
  access: VaultAccess,
  { holds }: TargetState,
  credential: string,
  members: readonly string[],
): Promise<SecretValue | null> {
  for (const [member, versions] of await allVersions(access, members)) {
    for (const { version, enabled } of versions) {
      if (!enabled || holds.get(versionKey(member, version)) !== credential) continue;
      const value = await readValue(access, member, version);
      if (value !== null) return value;
    }
  }
  return null;
}

/** A credential with its value, or `null` when no enabled version holds it. */
export async function credentialOf(
  access: VaultAccess,
  state: TargetState,
  key: string,
): Promise<IssuedCredential | null> {
  const value = await valueOf(access, state, key);
  return value === null ? null : { credentialId: state.credentials.get(key)?.credentialId ?? '', value };
}
