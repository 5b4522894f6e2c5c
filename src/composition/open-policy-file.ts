import { readFile } from 'node:fs/promises';
import { parsePolicy } from '../secrets/parse-policy.ts';
import { emptyPolicy, type Policy } from '../secrets/policy.ts';
import { yamlSource } from '../secrets/yaml-source.ts';
import { ServiceError } from '../service-error.ts';

/**
 * A policy for work on files, where no settings name the vaults: those are the ones that rows name and those that the
 * policy itself names. `null`: none is given, and no identity is known.
 * @throws ServiceError `POLICY_MALFORMED` with every fault.
 */
export async function openPolicyFile(file: string | null, vaults: readonly string[]): Promise<Policy> {
  if (file === null) return emptyPolicy;
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new ServiceError('POLICY_MALFORMED', { file, faults: ['the file cannot be read'] }, { cause });
  }
  const names = new Set([...vaults, ...vaultsNamedIn(text)]);
  // Nothing is asked of these vaults: their addresses are not needed.
  const known = [...names].map((name) => ({ name, url: `https://${name}`, resourceId: null }));
  return parsePolicy(text, file, known);
}

function vaultsNamedIn(text: string): string[] {
  const written = yamlSource(text).value as { readonly secrets?: unknown } | null | undefined;
  const secrets = typeof written?.secrets === 'object' && written.secrets !== null ? Object.keys(written.secrets) : [];
  return secrets.flatMap((key) => (key.includes('/') ? [key.toLowerCase().split('/')[0] ?? ''] : []));
}
