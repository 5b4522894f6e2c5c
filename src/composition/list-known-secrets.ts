import type { KnownSecret } from '../audit/posture/access-drift.ts';
import { isStagingName } from '../rotation/observe/staging.ts';
import type { Settings } from '../settings.ts';
import type { Composition } from './composition.ts';

/** Every secret of the vaults, and those that the policy binds though they do not exist yet. Properties alone are read. */
export async function listKnownSecrets({
  settings,
  policy,
  rotation,
}: Pick<Composition, 'settings' | 'policy' | 'rotation'>): Promise<readonly KnownSecret[]> {
  const { vaults, stagingVault, canarySecret, stagingKeySecret } = settings;
  const referred = settingSecrets(settings);
  const known = new Map<string, KnownSecret>();
  const add = (vault: string, name: string) => {
    const secret = name.toLowerCase();
    const isKey = stagingKeySecret?.vault === vault && stagingKeySecret.name === secret;
    const isOwn = secret === canarySecret || isKey || referred.has(`${vault}/${secret}`) || isStagingName(secret);
    known.set(`${vault}/${secret}`, { vault, secret, isOwn });
  };
  for (const { vault, name } of [...policy.secrets.values(), ...policy.tracked.values()]) add(vault, name);
  for (const { name: vault } of stagingVault === null ? vaults : [...vaults, stagingVault]) {
    const store = rotation.stores.get(vault);
    if (store === undefined) continue;
    for await (const version of store.list()) add(vault, version.name);
  }
  return [...known.values()].sort((a, b) => (`${a.vault}/${a.secret}` < `${b.vault}/${b.secret}` ? -1 : 1));
}

/** Secrets that the settings refer to, such as Gitea's token, as `vault/secret`. */
function settingSecrets({ vaults, gitea, openId, notifications }: Settings): ReadonlySet<string> {
  const settings = [gitea?.token, gitea?.webhookSecret, openId?.clientSecret, notifications?.secret];
  return new Set(
    settings.flatMap((setting) => {
      if (setting?.kind !== 'reference') return [];
      const vault = vaults.find(({ url }) => url === setting.vaultUrl);
      return vault === undefined ? [] : [`${vault.name}/${setting.name.toLowerCase()}`];
    }),
  );
}
