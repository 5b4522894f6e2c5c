import type { Posture } from '../../audit/model/posture.ts';
import { type EffectiveReader, effectiveReaders, effectiveSetters } from '../../audit/posture/effective-readers.ts';
import type { Vault } from '../../secrets/secret-reference.ts';
import type { Composition } from '../composition.ts';
import { assignRole, listReaders, vaultRole, vaultScope } from './az-commands.ts';
import { type Check, fail, pass, warn } from './check.ts';

type Ports = Pick<Composition, 'settings' | 'policy'>;

/**
 * Whether the rotators of the policy may set secrets, by the role assignments: to try would write a version. `grants` is
 * a look at them; `null` if nobody can look.
 */
export function checkSetting({ settings, policy }: Ports, grants: Posture | null): Check {
  const what = 'setting secrets';
  const { vaults } = settings;
  const commands = (ids: readonly (string | null)[]) =>
    vaults.flatMap((vault) => ids.map((id) => assignRole(vaultRole(settings), vaultScope(vault), id))).join('\n');
  const says = 'doctor cannot test without writing whether the identity may set and update secrets';
  const seen = holders(grants, vaults, effectiveSetters);
  if (seen === null) {
    return warn(what, `${says}, and could not see the role assignments; the first rotation shows it`, commands([null]));
  }
  const rotators = [...policy().identities.values()]
    .filter(({ role }) => role === 'rotator')
    .map((one) => one.objectId);
  if (rotators.length === 0) return warn(what, `${says}: the policy names no rotator`, commands([null]));
  const lacking = rotators.filter((id) => seen.some(({ readers }) => !may(readers, id)));
  return lacking.length === 0
    ? pass(what, 'the role assignments let every rotator of the policy set secrets in every vault')
    : fail(what, `no role assignment lets ${lacking.join(', ')} set secrets in every vault`, commands(lacking));
}

/** Whether anybody but the rotator may read pending values, by the role assignments. */
export function checkStaging({ settings, policy }: Ports, grants: Posture | null): Check {
  const what = 'staged values';
  const { stagingVault, vaults, role } = settings;
  if (role === 'report') return pass(what, 'are not of this role');
  const kept = stagingVault === null ? vaults : [stagingVault];
  const where =
    stagingVault === null
      ? 'are kept beside the secrets that runners read; set KEYTURN_STAGING_VAULT, or let runners read single secrets'
      : `are kept in ${stagingVault.name}`;
  const lists = kept.map(listReaders).join('\n');
  const seen = holders(grants, kept, effectiveReaders);
  if (seen === null) {
    const says = 'doctor cannot see whether a runner can read there: make sure that no runner is in this list';
    return warn(what, `${where}; ${says}`, lists);
  }
  const roleOf = (id: string) => policy().identities.get(id)?.role ?? 'unknown';
  const readers = seen.flatMap((one) => one.readers).filter(({ verdict }) => verdict === 'may-read');
  const runners = readers.filter(({ principalId }) => roleOf(principalId) === 'runner');
  const unknown = readers.filter(({ principalId }) => roleOf(principalId) === 'unknown');
  if (runners.length > 0) return fail(what, `${where}; the runners ${namesOf(runners)} can read them`, lists);
  if (unknown.length > 0) {
    return warn(what, `${where}; ${namesOf(unknown)}, which the policy does not list, can read them`, lists);
  }
  return pass(what, `${stagingVault === null ? 'are kept beside other secrets' : where}; no runner can read them`);
}

/** Who holds a right on each vault as a whole; `null` if one of them was not seen. */
function holders(
  grants: Posture | null,
  vaults: readonly Vault[],
  judge: typeof effectiveReaders,
): readonly { readonly vault: string; readonly readers: readonly EffectiveReader[] }[] | null {
  if (grants === null) return null;
  const all: { vault: string; readers: readonly EffectiveReader[] }[] = [];
  for (const { name: vault } of vaults) {
    const seen = judge(grants, { vault, secret: null }, new Date(grants.at));
    if (seen.outcome === 'not-seen') return null;
    all.push({ vault, readers: seen.value });
  }
  return all;
}

function may(readers: readonly EffectiveReader[], principalId: string): boolean {
  return readers.some((reader) => reader.principalId === principalId && reader.verdict === 'may-read');
}

function namesOf(readers: readonly EffectiveReader[]): string {
  return [...new Set(readers.map(({ principalId }) => principalId))].join(', ');
}
