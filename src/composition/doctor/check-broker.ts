import type { Posture } from '../../audit/model/posture.ts';
import { effectiveSetters } from '../../audit/posture/effective-readers.ts';
import { type VaultRights, vaultRights } from '../../azure/vault-rights.ts';
import type { Vault } from '../../secrets/secret-reference.ts';
import type { Composition } from '../composition.ts';
import { listReaders } from './az-commands.ts';
import { checkBrokerGitea } from './check-broker-gitea.ts';
import { type Check, fail, lookAt, pass, warn } from './check.ts';
import { checkRecords } from './check-sources.ts';

type Ports = Pick<Composition, 'settings' | 'policy' | 'records' | 'gitea' | 'vaultAccess'>;

/** Nobody has a secret of this name. It begins as every staged value does. */
const stagedName = 'rot-pending--keyturn-doctor';

/**
 * Whether the broker's identity and token may do what a broker needs, and nothing more. No value is read: where a right
 * cannot be seen in the role assignments, a version that cannot exist is asked for.
 */
export async function checkBroker(ports: Ports, grants: Posture | null): Promise<readonly Check[]> {
  const checks: Check[] = [await checkRecords(ports)];
  for (const { vault, access } of placesOf(ports)) {
    const rights = vaultRights(access);
    checks.push(
      await checkListing(vault, rights),
      await checkSetting(ports, vault, rights, grants),
      await checkStagedValues(vault, rights),
      ...(await checkOwnSecrets(ports, vault, rights)),
    );
  }
  return [...checks, ...(await checkBrokerGitea(ports)), checkPolicy(ports)];
}

/** In one process for all, the broker reads with the rotator's identity. */
export function checkBrokerOfAll({ settings }: Pick<Composition, 'settings'>): readonly Check[] {
  if (settings.role !== 'all' || settings.gitea === null) return [];
  const says =
    'jobs are served with the identity that rotates, which may list and set; keyturn serve --role broker under an identity of its own may neither';
  return [warn('broker', says)];
}

/** The vaults that it serves, and the one of staged values. */
function placesOf({ settings, vaultAccess }: Ports) {
  const { vaults, stagingVault } = settings;
  const all = stagingVault === null ? vaults : [...vaults, stagingVault];
  return all.flatMap((vault) => {
    const access = vaultAccess.find((one) => one.vault.name === vault.name);
    return access === undefined ? [] : [{ vault, access }];
  });
}

async function checkListing(vault: Vault, rights: VaultRights): Promise<Check> {
  const what = `listing ${vault.name}`;
  return await lookAt(what, async () =>
    (await rights.mayList())
      ? fail(
          what,
          'the identity of the broker may list the secrets; it needs none but to get single ones',
          listReaders(vault),
        )
      : pass(what, 'is refused, as it must be'),
  );
}

async function checkSetting(
  { policy }: Ports,
  vault: Vault,
  rights: VaultRights,
  grants: Posture | null,
): Promise<Check> {
  const what = `changing ${vault.name}`;
  const brokers = [...policy().identities.values()].filter(({ role }) => role === 'broker').map((one) => one.objectId);
  return await lookAt(what, async () => {
    const says = 'the identity of the broker may set or update secrets: take the role away';
    if (await rights.mayUpdate(stagedName)) return fail(what, says, listReaders(vault));
    const seen =
      grants === null ? null : effectiveSetters(grants, { vault: vault.name, secret: null }, new Date(grants.at));
    if (seen === null || seen.outcome === 'not-seen' || brokers.length === 0) {
      return pass(what, 'updating is refused; whether setting is cannot be tried without writing');
    }
    const may = seen.value.some((one) => brokers.includes(one.principalId) && one.verdict === 'may-read');
    return may ? fail(what, says, listReaders(vault)) : pass(what, 'is refused, by the role assignments too');
  });
}

async function checkStagedValues(vault: Vault, rights: VaultRights): Promise<Check> {
  const what = `staged values in ${vault.name}`;
  return await lookAt(what, async () =>
    (await rights.mayGet(stagedName))
      ? fail(
          what,
          'the identity of the broker may read every secret here, values that wait to be published too: assign its role on single secrets, or keep staged values in a vault of their own',
          listReaders(vault),
        )
      : pass(what, 'reading is refused, as it must be'),
  );
}

async function checkOwnSecrets({ settings }: Ports, vault: Vault, rights: VaultRights): Promise<readonly Check[]> {
  const names = [...settings.ownSecrets].flatMap((key) => {
    const [place, name = ''] = key.split('/');
    return place === vault.name.toLowerCase() ? [name] : [];
  });
  return await Promise.all(
    names.map(async (name) => {
      const what = `${vault.name}/${name}`;
      return await lookAt(what, async () =>
        (await rights.mayGet(name))
          ? fail(what, 'belongs to Keyturn itself, and the identity of the broker may read it', listReaders(vault))
          : pass(what, 'belongs to Keyturn itself, and reading it is refused'),
      );
    }),
  );
}

function checkPolicy({ policy }: Ports): Check {
  const what = 'policy';
  const served = [...policy().secrets.values(), ...policy().tracked.values()].filter(
    ({ namespaces }) => namespaces.length > 0,
  );
  if (served.length === 0) return warn(what, 'it names no namespace for any secret, so no job is served');
  if (![...policy().identities.values()].some(({ role }) => role === 'broker')) {
    return warn(what, 'it names no identity in the role broker, so the report cannot tell its reads');
  }
  return pass(what, `lets jobs ask for ${served.length === 1 ? '1 secret' : `${String(served.length)} secrets`}`);
}
