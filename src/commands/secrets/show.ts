import { secretDetail } from '../../composition/portal/secret-detail.ts';
import { ServiceError } from '../../service-error.ts';
import type { SecretDetail } from '../../web/portal-ports.ts';
import type { Run } from '../command.ts';
import { healthWords } from './health-words.ts';
import { knownNow } from './known-now.ts';
import type { showRow } from './secret-rows.ts';

/** Shows one secret. */
export const show: Run<typeof showRow> = async ({ values, positionals }, runtime) => {
  const wanted = (positionals[0] ?? '').toLowerCase();
  const { keyturn, known, facts } = await knownNow(runtime, { reads: true });
  const found = [...known].filter(([key]) => key === wanted || key.endsWith(`/${wanted}`));
  const [one, ...others] = found;
  if (others.length > 0) {
    throw new ServiceError('USAGE_WRONG', { command: 'show', reason: 'several vaults have it: write VAULT/NAME' });
  }
  if (one === undefined) {
    runtime.say(`Nothing is known of ${wanted}: neither an inventory nor the policy names it.`);
    return 1;
  }
  const detail = await secretDetail(keyturn.records, one[1], facts);
  if (values.json) runtime.print(JSON.stringify(detail));
  else for (const line of linesOf(detail)) runtime.print(line);
  return 0;
};

function* linesOf({ secret, policy, upcoming, versions, rotations, possibleReaders }: SecretDetail): Generator<string> {
  const { vault, secret: name, health, created, expires, due, lastRotatedAt, lastReadAt, reads } = secret;
  yield `${vault}/${name}: ${healthWords[health]}`;
  yield `  created ${created ?? 'not known'}, expires ${expires ?? 'never'}, due ${due ?? 'never'}`;
  yield `  rotated ${lastRotatedAt ?? 'never by Keyturn'}, ${lastReadAt === null ? 'no read is known' : `last read ${lastReadAt}`} (${String(reads)} ${reads === 1 ? 'read' : 'reads'} in 90 days)`;
  for (const sentence of policy) yield `  ${sentence}`;
  for (const { at, says } of upcoming) yield `  ${at}: it ${says}.`;
  for (const { version, publishedAt, standing } of versions) {
    yield `  version ${version}${publishedAt === null ? '' : `, of ${publishedAt}`}: ${standing}`;
  }
  for (const { rotationId, state, claimedAt, awaits } of rotations) {
    yield `  rotation ${rotationId}, begun ${claimedAt}: ${state}${awaits === null ? '' : `; waits for a word to ${awaits}`}`;
  }
  for (const { principalId, knownAs, verdict } of possibleReaders?.readers ?? []) {
    yield `  could be read by ${principalId} (${knownAs ?? 'not in the policy'}): ${verdict.replaceAll('-', ' ')}`;
  }
}
