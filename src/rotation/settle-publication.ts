import type { SecretValue } from '../secrets/secret-value.ts';
import { ServiceError } from '../service-error.ts';
import { forget, held } from './held-credentials.ts';
import type { ClaimedMember } from './journal-entry.ts';
import { keyOf } from './member-key.ts';
import { publishElsewhere } from './publish-elsewhere.ts';
import type { RotationWork } from './rotation-work.ts';
import { disableStaged } from './staging.ts';
import { readValue } from './vault-access.ts';

/** After publishing: further places get the value, the staged one is disabled, and the grace of the old one begins. */
export async function settlePublication(work: RotationWork): Promise<void> {
  const { rotation, tools } = work;
  await publishElsewhere(work, 'publish', (member) => publishedValue(work, member));
  await disableStaged(work);
  forget(tools, work.attemptId);
  const from = (rotation.publishedAt ?? tools.now()).getTime();
  await work.outcome('settle', {
    step: 'grace',
    facts: { graceUntil: new Date(from + rotation.claim.graceMs).toISOString() },
  });
}

async function publishedValue(work: RotationWork, member: ClaimedMember): Promise<SecretValue> {
  const { vault, secret, fromVersion } = member;
  const version = work.rotation.published.get(keyOf(member)) ?? fromVersion;
  const inMemory = work.issuer.formFor === undefined ? held(work.tools, work.attemptId)?.value : undefined;
  const value = inMemory ?? (await readValue(work, { vault, secret, version }));
  if (value === null) throw new ServiceError('SECRET_DISABLED', { vault, secret, version });
  return value;
}
