import { policiesOn } from '../../audit/collection/policy-ledger.ts';
import type { LoadedPolicy } from '../../audit/period/policies-in-force.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { parsePolicy } from '../../secrets/parse-policy.ts';
import { emptyPolicy, type Policy } from '../../secrets/policy.ts';
import { yamlSource } from '../../secrets/yaml-source.ts';
import type { Vault } from '../../secrets/secret-reference.ts';
import { readOperatorFile } from '../../command-line/read-operator-file.ts';
import { bindingCheck } from './check-bindings.ts';
import { ServiceError } from '../../service-error.ts';
import type { Settings } from '../../settings.ts';

/**
 * Reads the operator's policy and holds it against its issuers; without one Keyturn only observes. A file that is named and
 * missing is a fault. @throws ServiceError `POLICY_MALFORMED` with every fault.
 */
export async function openPolicy({ policyFile, vaults }: Settings): Promise<OpenedPolicy> {
  if (policyFile === null) return { policy: emptyPolicy, text: '' };
  const text = readPolicyText(policyFile);
  return { policy: parsePolicy(text, policyFile, vaults, bindingCheck()), text };
}

export interface OpenedPolicy {
  readonly policy: Policy;
  /** As it was read; empty while no policy is configured. */
  readonly text: string;
}

/**
 * Every policy that was loaded, oldest first. Secrets of vaults that the settings no longer name are read too.
 * @throws ServiceError `POLICY_MALFORMED` for a text on record that this release cannot parse.
 */
export async function loadedPolicies(records: RecordStore, { vaults }: Settings): Promise<readonly LoadedPolicy[]> {
  return (await policiesOn(records)).map((record) => {
    if (record.text === '') return { ...record, policy: emptyPolicy };
    const named = new Set([...vaults.map(({ name }) => name), ...vaultsNamedIn(record.text)]);
    const known = [...named].map(
      (name) => vaults.find((vault) => vault.name === name) ?? { name, url: `https://${name}`, resourceId: null },
    );
    return { ...record, policy: parsePolicy(record.text, `the policy loaded at ${record.loadedAt}`, known) };
  });
}

/** Stands for the vault of secrets that are written by name alone, where neither rows nor policy name one. */
export const unnamedVault = 'unnamed-vault';

/**
 * Reads a policy for work on files, where no settings name the vaults: they are those that rows name and those that the
 * policy itself names. Where nobody names one, names alone are those of `unnamedVault`: which identity is whose does not
 * depend on vaults. `null` means that no policy was given, and no identity is known.
 * @throws ServiceError `POLICY_MALFORMED` with every fault.
 */
export async function openPolicyFile(file: string | null, vaults: readonly string[]): Promise<OpenedPolicy> {
  if (file === null) return { policy: emptyPolicy, text: '' };
  const text = readPolicyText(file);
  return { policy: parsePolicy(text, file, vaultsFor(text, vaults)), text };
}

/** The vaults of a policy that is read without settings: those of `vaults` and those that it names itself. */
export function vaultsFor(text: string, vaults: readonly string[]): readonly Vault[] {
  const named = new Set([...vaults, ...vaultsNamedIn(text)]);
  return vaultsCalled(named.size === 0 ? [unnamedVault] : [...named]);
}

/** Vaults by name alone. Nothing is asked of them, so their real addresses are not needed. */
export function vaultsCalled(names: readonly string[]): readonly Vault[] {
  return names.map((name) => ({ name, url: `https://${name}`, resourceId: null }));
}

/** @throws ServiceError `POLICY_MALFORMED` for a file that is missing, too long, no regular file, or cannot be read. */
export function readPolicyText(file: string): string {
  return readOperatorFile(file, (fault, cause) => {
    return new ServiceError('POLICY_MALFORMED', { file, faults: [fault] }, { cause });
  });
}

function vaultsNamedIn(text: string): string[] {
  const written: unknown = yamlSource(text).value;
  const secrets = typeof written === 'object' && written !== null && 'secrets' in written ? written.secrets : null;
  const names = typeof secrets === 'object' && secrets !== null ? Object.keys(secrets) : [];
  return names.flatMap((key) => (key.includes('/') ? [key.toLowerCase().split('/')[0] ?? ''] : []));
}
