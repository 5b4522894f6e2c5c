import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { composeKeyturn } from '../compose.ts';
import { type FoundSecret, proposePolicy } from '../composition/propose-policy.ts';
import { isStagingName } from '../rotation/observe/staging.ts';
import { parsePolicy } from '../secrets/parse-policy.ts';
import { ServiceError } from '../service-error.ts';
import type { Run } from './command.ts';
import type { adoptRow } from './rotation-rows.ts';

/** Proposes a policy from what the vaults hold. */
export const adopt: Run<typeof adoptRow> = async ({ values }, { environment, directory, print, say, progress }) => {
  const { settings, policy, rotation } = await composeKeyturn(environment);
  const own = new Set([settings.canarySecret, settings.stagingKeySecret?.name]);
  const found: FoundSecret[] = [];
  for (const { name: vault } of settings.vaults) {
    progress(`Listing ${vault} …`);
    for await (const secret of rotation.stores.get(vault)?.list() ?? []) {
      const key = `${vault}/${secret.name}`;
      const bound = policy.secrets.has(key) || policy.tracked.has(key);
      if (!bound && !own.has(secret.name) && !isStagingName(secret.name)) found.push({ vault, secret });
    }
  }
  const { text, ...counts } = proposePolicy(found);
  if (values.out !== undefined) await writeNew(resolve(directory, values.out), text);
  if (values.json) print(JSON.stringify({ ...counts, policy: text }));
  else if (values.out === undefined) for (const line of text.trimEnd().split('\n')) print(line);
  say(`${String(counts.bound)} secrets proposed, ${String(counts.unknown)} of unknown provider, in comments.`);
  if (policy.secrets.size > 0) say(`${String(policy.secrets.size)} are bound by the policy already and left out.`);
  for (const [key, binding] of parsePolicy(text, 'the proposal', settings.vaults).secrets) {
    for (const { place, reason } of rotation.issuers.get(binding.issuer)?.check(binding) ?? []) {
      say(`${key}: ${place} ${reason}. Correct the line or leave it out.`);
    }
  }
  for (const secret of counts.sample) {
    say(`${secret} carries tags of Microsoft's sample: its function may still rotate it. End its subscription first:`);
    say(
      '  az eventgrid system-topic event-subscription list --resource-group GROUP --system-topic-name TOPIC --output table',
    );
  }
  return 0;
};

async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    const reason = exists ? `${file} is there already` : `${file} cannot be written`;
    throw new ServiceError('USAGE_WRONG', { command: 'adopt', reason }, { cause });
  }
}
