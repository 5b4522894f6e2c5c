import { readFile } from 'node:fs/promises';
import { type Policy, emptyPolicy } from '../secrets/policy.ts';
import { parsePolicy } from '../secrets/parse-policy.ts';
import { ServiceError } from '../service-error.ts';
import type { Settings } from '../settings.ts';

/** The operator's policy; none is observe mode. A file that is named and not there is a fault, not observe mode. */
export async function openPolicy({ policyFile, vaults }: Settings): Promise<Policy> {
  if (policyFile === null) return emptyPolicy;
  let text: string;
  try {
    text = await readFile(policyFile, 'utf8');
  } catch (cause) {
    throw new ServiceError('POLICY_MALFORMED', { file: policyFile, faults: ['the file cannot be read'] }, { cause });
  }
  return parsePolicy(text, policyFile, vaults);
}
