import { counted } from '../../audit/findings/finding-tally.ts';
import type { Posture } from '../../audit/model/posture.ts';
import { readCanaryOnceAnHour } from '../../audit/collection/canary-ledger.ts';
import type { SecretStore, SecretVersion } from '../../rotation/ports/secret-store.ts';
import type { Vault } from '../../secrets/secret-reference.ts';
import { ServiceError } from '../../service-error.ts';
import type { Composition } from '../composition.ts';
import { checkBoundValues } from './check-bound-values.ts';
import { assignRole, makeSecret, vaultRole, vaultScope } from './az-commands.ts';
import { checkSetting } from './check-grants.ts';
import { type Check, fail, lookAt, pass, warn } from './check.ts';

type Ports = Pick<Composition, 'settings' | 'policy' | 'rotation' | 'canary' | 'records' | 'now'>;

/** Destructive steps require our clock and the vault's to agree this far. */
const clockToleranceMs = 5 * 60_000;

/** Checks what Keyturn may do in each vault, without writing and without reading a value other than the canary. */
export async function checkVaults(ports: Ports, grants: Posture | null): Promise<readonly Check[]> {
  const { settings, rotation } = ports;
  const checks: Check[] = [];
  for (const vault of settings.vaults) {
    const store = rotation.stores.get(vault.name);
    if (store === undefined) continue;
    const versions: SecretVersion[] = [];
    const listed = await checkListing(ports, vault, store, versions);
    checks.push(listed);
    if (listed.verdict === 'fail') continue;
    checks.push(...checkBoundValues(vault.name, versions, ports.policy()));
    checks.push(checkClock(ports, vault, store), await checkCanary(ports, vault, store));
  }
  if (settings.role !== 'rotate') checks.push(await checkCanaryRead(ports));
  if (settings.role === 'report') return checks;
  checks.push(checkSetting(ports, grants), await checkStagingKey(ports));
  return checks;
}

/** `versions`: gets the newest version of each secret. */
async function checkListing(
  { settings }: Ports,
  vault: Vault,
  store: SecretStore,
  versions: SecretVersion[],
): Promise<Check> {
  const what = `vault ${vault.name}`;
  return await lookAt(
    what,
    async () => {
      for await (const version of store.list()) versions.push(version);
      return pass(what, `reached; ${counted(versions.length, 'secret')} listed`);
    },
    (error) =>
      ServiceError.is(error, 'VAULT_ACCESS_DENIED')
        ? assignRole(vaultRole(settings), vaultScope(vault), error.details.objectId)
        : null,
  );
}

function checkClock({ now }: Ports, { name }: Vault, store: SecretStore): Check {
  const what = `clock of ${name}`;
  const vaultTime = store.serverTime();
  if (vaultTime === null) return warn(what, 'the vault did not say what time it is');
  const apart = Math.round(Math.abs(vaultTime.getTime() - now().getTime()) / 1000);
  if (apart * 1000 <= clockToleranceMs) return pass(what, `${String(apart)} s from the clock of this machine`);
  return fail(
    what,
    `${String(apart)} s from the clock of this machine; Keyturn revokes nothing until they agree`,
    'timedatectl set-ntp true',
  );
}

async function checkCanary({ settings }: Ports, vault: Vault, store: SecretStore): Promise<Check> {
  const what = `canary of ${vault.name}`;
  return await lookAt(what, async () =>
    (await store.latest(settings.canarySecret)) === null
      ? fail(
          what,
          `the secret ${settings.canarySecret} is missing, so no hour can be shown to be covered`,
          makeSecret(vault, settings.canarySecret),
        )
      : pass(what, `${settings.canarySecret} exists`),
  );
}

/** Reads the canary as the collector does, and records it, because a read that no record explains is a finding. */
async function checkCanaryRead({ settings, records, canary, now }: Ports): Promise<Check> {
  const what = 'canary read';
  return await lookAt(
    what,
    async () => {
      const { length: read } = await readCanaryOnceAnHour(records, canary, now());
      if (read === 0) return pass(what, 'made in this hour already');
      if (read === settings.vaults.length) return pass(what, `made in ${counted(read, 'vault')}`);
      return fail(what, `made in ${String(read)} of ${counted(settings.vaults.length, 'vault')}`, grants(null));
    },
    (error) => (ServiceError.is(error, 'VAULT_ACCESS_DENIED') ? grants(error.details.objectId) : null),
  );

  function grants(objectId: string | null): string {
    const scopes = settings.vaults.map((vault) => `${vaultScope(vault)}/secrets/${settings.canarySecret}`);
    return scopes.map((scope) => assignRole('Key Vault Secrets User', scope, objectId)).join('\n');
  }
}

/** Looks for the secret without reading it, because a read outside a rotation could not be explained later. */
async function checkStagingKey({ settings, rotation }: Ports): Promise<Check> {
  const what = 'staging key';
  const { stagingKeySecret, stagingVault, vaults } = settings;
  const vault = [...vaults, ...(stagingVault === null ? [] : [stagingVault])].find(
    ({ name }) => name === stagingKeySecret?.vault,
  );
  const store = vault === undefined ? undefined : rotation.stores.get(vault.name);
  if (stagingKeySecret === null || vault === undefined || store === undefined) {
    return fail(what, 'KEYTURN_STAGING_KEY_SECRET names no secret of a vault of the settings');
  }
  const { name } = stagingKeySecret;
  return await lookAt(what, async () =>
    (await store.latest(name)) === null
      ? fail(
          what,
          `the secret ${vault.name}/${name} is missing, so no staged value can be trusted`,
          makeSecret(vault, name),
        )
      : pass(what, `${vault.name}/${name} exists`),
  );
}
