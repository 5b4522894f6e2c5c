import { ServiceError } from '../service-error.ts';
import { nextAttempt, pendingCredential } from './issue-credential.ts';
import type { RotationWork } from './rotation-work.ts';

/** How long a provider may need until a credential works everywhere: Entra needs seconds, seldom minutes. */
const propagationMs = 300_000;

/**
 * Uses the new credential before anybody else does. A provider that does not know it yet is asked again at times kept in
 * the journal; one that refuses it ends the attempt, and what was issued is withdrawn.
 * @throws ServiceError `CREDENTIAL_REFUSED`, `CREDENTIAL_NOT_READY`.
 */
export async function verifyCredential(work: RotationWork): Promise<void> {
  const { issuer, rotation, tools } = work;
  const details = { issuer: issuer.name, secret: rotation.claim.members[0].secret };
  const credential = await pendingCredential(work);
  const shown = await issuer.verify(await work.request('old'), credential);
  switch (shown.outcome) {
    case 'works':
      return work.outcome('verify', {
        step: 'verified',
        facts: { reasons: [`principal ${shown.principal}`, ...shown.notes] },
      });
    case 'not-yet': {
      const waitedMs = tools.now().getTime() - (rotation.issuedAt ?? rotation.lastAt).getTime();
      if (waitedMs >= propagationMs) throw new ServiceError('CREDENTIAL_NOT_READY', details);
      // Each wait is as long as all before it: 2, 4, 8 … seconds, from the first look on.
      const retryAt = new Date(tools.now().getTime() + Math.min(Math.max(waitedMs, 2_000), 60_000)).toISOString();
      const { tries, cycle } = rotation;
      return work.outcome('wait', {
        state: 'retry-wait',
        facts: { failure: 'CREDENTIAL_NOT_READY', tries, cycle, retryAt },
      });
    }
    case 'refused':
      if (issuer.credentialClass === 'minted') await nextAttempt(work, credential.credentialId, 'refused');
      // The same value is set again at the next try, or another slot's key is read: nothing is left over.
      else await work.outcome('withdraw', { step: issuer.credentialClass === 'chosen' ? 'staged' : 'claimed' });
      throw new ServiceError('CREDENTIAL_REFUSED', details);
    default:
      return shown satisfies never;
  }
}
