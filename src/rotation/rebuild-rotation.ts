import type { RotationWork } from './rotation-work.ts';
import { keyOf } from './member-key.ts';
import { parseAttemptId } from './rotation-id.ts';
import { latestOf, requireClockAgreement, storeOf } from './vault-access.ts';

/**
 * Ends the frozen state of a rotation that the journal had lost: what the vault's tags show is written down, and the grace of
 * the old version begins again from now, since nobody knows when it began. Nothing is destroyed on the way.
 */
export async function finishRebuild(work: RotationWork): Promise<void> {
  const { rotation, tools } = work;
  for (const member of rotation.claim.members) {
    const latest = await latestOf(tools, member);
    requireClockAgreement(tools, member.vault);
    const tag = parseAttemptId(latest.tags['rotation-id']);
    if (tag?.rotationId !== rotation.rotationId) {
      const reasons = [`${keyOf(member)}@${latest.version}`];
      return work.outcome('adopt', { state: 'superseded', facts: { reasons, withdrawn: true } });
    }
    const credentialId = latest.tags['CredentialId'];
    await work.outcome('rebuild', {
      step: 'claimed',
      state: 'frozen',
      attempt: tag.attempt,
      facts: {
        member: keyOf(member),
        publishedVersion: latest.version,
        ...(credentialId === undefined ? {} : { credentialId }),
      },
    });
  }
  const [{ vault, secret, fromVersion }] = rotation.claim.members;
  const old = (await storeOf(tools, vault).versions(secret)).find(({ version }) => version === fromVersion);
  // The old version goes last: one that is gone or disabled says that the rotation had come to its end.
  if (old === undefined || !old.enabled)
    return work.outcome('rebuild', { step: 'done', facts: { oldValue: 'cannot-be-shown' } });
  const graceUntil = new Date(tools.now().getTime() + rotation.claim.graceMs).toISOString();
  await work.outcome('rebuild', { step: 'published', facts: { graceUntil } });
}
