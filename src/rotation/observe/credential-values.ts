import type { SecretValue } from '../../secrets/secret-value.ts';
import { versionKey, type TargetState } from '../journal/target-state.ts';
import type { IssuedCredential } from '../ports/credential-issuer.ts';
import type { SecretVersion } from '../ports/secret-store.ts';
import { type VaultAccess, readValue, requireStore } from './vault-access.ts';
import { placeIn } from '../rotation-unit.ts';

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
  const { current, holds } = state;
  const isHeld = (member: string, version: string) => holds.get(versionKey(member, version)) === credential;
  const members = [...current.keys()];
  for (const among of prefer === null ? [members] : [[prefer], members]) {
    const newest = among.flatMap((member) => {
      const version = current.get(member);
      return version === undefined || !isHeld(member, version) ? [] : [{ member, version }];
    });
    const value =
      (await firstValue(access, newest)) ?? (await valueIn(access, await allVersions(access, among), isHeld));
    if (value !== null) return value;
  }
  return null;
}

/** The value of the first enabled version that `isHeld` says to hold it and that can be read. */
export async function valueIn(
  access: VaultAccess,
  versions: ReadonlyMap<string, readonly SecretVersion[]>,
  isHeld: (member: string, version: string) => boolean,
): Promise<SecretValue | null> {
  const held = [...versions].flatMap(([member, known]) =>
    known
      .filter(({ version, enabled }) => enabled && isHeld(member, version))
      .map(({ version }) => ({ member, version })),
  );
  return await firstValue(access, held);
}

async function firstValue(
  access: VaultAccess,
  versions: readonly { readonly member: string; readonly version: string }[],
): Promise<SecretValue | null> {
  for (const { member, version } of versions) {
    const value = await readValue(access, member, version);
    if (value !== null) return value;
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
