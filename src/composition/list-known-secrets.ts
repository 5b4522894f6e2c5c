import type { KnownSecret } from '../audit/posture/access-drift.ts';
import { isStagingName } from '../rotation/observe/staging.ts';
import type { Composition } from './composition.ts';
import { ownSecrets } from './policy/own-secrets.ts';

/** Every secret of the vaults, and those that the policy binds though they do not exist yet. Properties alone are read. */
export async function listKnownSecrets({
  settings,
  policy,
  rotation,
}: Pick<Composition, 'settings' | 'policy' | 'rotation'>): Promise<readonly KnownSecret[]> {
  const { vaults, stagingVault, canarySecret } = settings;
  const own = new Set(ownSecrets(settings).map(({ vault, name }) => `${vault}/${name}`));
  const known = new Map<string, KnownSecret>();
  const add = (vault: string, name: string) => {
    const secret = name.toLowerCase();
    const isOwn = secret === canarySecret || own.has(`${vault}/${secret}`) || isStagingName(secret);
    known.set(`${vault}/${secret}`, { vault, secret, isOwn });
  };
  const { secrets, tracked } = policy();
  for (const { vault, name } of [...secrets.values(), ...tracked.values()]) add(vault, name);
  for (const { name: vault } of stagingVault === null ? vaults : [...vaults, stagingVault]) {
    const store = rotation.stores.get(vault);
    if (store === undefined) continue;
    for await (const version of store.list()) add(vault, version.name);
  }
  return [...known.values()].sort((a, b) => (`${a.vault}/${a.secret}` < `${b.vault}/${b.secret}` ? -1 : 1));
}
