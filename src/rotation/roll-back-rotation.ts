import { ServiceError } from '../service-error.ts';
import type { ClaimedMember } from './journal-entry.ts';
import { keyOf } from './publish-credential.ts';
import type { RotationTools } from './rotation-tools.ts';
import type { RotationWork } from './rotation-work.ts';
import { latestOf, operation, readValue, storeOf } from './vault-access.ts';
import { rotationIdIn, withRotation } from './with-rotation.ts';

/**
 * Publishes the old value again, as a new version, while it is still alive: Key Vault cannot move "latest" back. The revocation
 * is cancelled; what the rotation issued is withdrawn when a grace for the readers of the new value has passed.
 * @throws ServiceError `ROLL_BACK_REFUSED` before publication, after revocation, or when the old value does not work.
 */
export async function rollBackRotation(
  tools: RotationTools,
  request: { readonly rotationId: string; readonly by: string; readonly reason: string },
): Promise<void> {
  await withRotation(tools, rotationIdIn(request.rotationId), (work) => rollBack(work, request));
}

async function rollBack(work: RotationWork, { by, reason }: { by: string; reason: string }): Promise<void> {
  const { rotation, tools } = work;
  const refuse = (why: string) =>
    new ServiceError('ROLL_BACK_REFUSED', { rotationId: rotation.rotationId, reason: why });
  if (rotation.step !== 'grace' && rotation.step !== 'published') throw refuse('It is not in its grace.');
  if (rotation.state === 'superseded') throw refuse('Somebody else published meanwhile.');
  if (rotation.pending?.act === 'revoke') throw refuse('Its revocation has begun.');
  await requireOldWorks(work, refuse);
  for (const member of rotation.claim.members) await publishOld(work, member, refuse);
  const retryAt = new Date(tools.now().getTime() + rotation.claim.graceMs).toISOString();
  await work.outcome('roll-back', {
    state: 'rolled-back',
    facts: { retryAt, reasons: [`${by}: ${reason}`.slice(0, 200)] },
  });
}

async function requireOldWorks(work: RotationWork, refuse: (why: string) => ServiceError): Promise<void> {
  const { issuer, rotation } = work;
  if (issuer.credentialClass === 'self') return;
  const request = await work.request('old');
  if (request.current === null) throw refuse('The old version is disabled.');
  const old = { credentialId: rotation.claim.members[0].fromCredentialId ?? '', value: request.current };
  const shown = await issuer.verify(request, old);
  if (shown.outcome === 'works') return;
  if (issuer.credentialClass !== 'chosen') throw refuse('The old credential does not work at the provider.');
  // A single password died when the new one was set: set it again, then it can be published.
  await work.intent('roll-back');
  await issuer.issue(request, old.value);
  if ((await issuer.verify(request, old)).outcome !== 'works')
    throw refuse('The provider does not take the old value back.');
}

async function publishOld(
  work: RotationWork,
  member: ClaimedMember,
  refuse: (why: string) => ServiceError,
): Promise<void> {
  const { vault, secret, fromVersion } = member;
  const store = storeOf(work.tools, vault);
  const value = await readValue(work, { vault, secret, version: fromVersion });
  const old = (await store.versions(secret)).find(({ version }) => version === fromVersion);
  if (value === null || old === undefined) throw refuse(`The old version of ${vault}/${secret} is gone or disabled.`);
  const latest = await latestOf(work.tools, member);
  if (latest.version !== work.rotation.published.get(keyOf(member))) {
    const standing = await readValue(work, { vault, secret, version: latest.version });
    // Rolled back already, by a call that died behind the write.
    if (standing?.equals(value) === true) return;
    throw refuse(`Somebody else published ${vault}/${secret}.`);
  }
  await work.intent('roll-back', [operation(work.tools, 'SecretSet', vault, secret, null)], { member: keyOf(member) });
  const { expires, contentType, tags } = old;
  const added = await store.add({
    name: secret,
    value,
    expires,
    contentType,
    tags: { ...tags, 'rotated-from': latest.version },
  });
  work.note(operation(work.tools, 'SecretSet', vault, secret, added.version));
}
