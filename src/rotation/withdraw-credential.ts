import { ServiceError } from '../service-error.ts';
import { endRolledBack } from './end-rolled-back.ts';
import { forget } from './held-credentials.ts';
import { restsForLateRequest } from './late-request.ts';
import { leftAliveReasons } from './left-alive.ts';
import type { RotationWork } from './rotation-work.ts';
import { disableStaged, findStaged } from './staging.ts';
import { parseAttemptId } from './rotation-id.ts';
import { latestOf, readValue, requireClockAgreement, storeOf } from './vault-access.ts';

/**
 * Takes back what a rotation issued that is not, or no longer, in force; the version that stands is left as it is.
 * A minted credential is deleted. A chosen password that the provider has taken already is set to what the vault says,
 * if that does not work as it is: the vault's word stands. A renewed slot that nobody reads harms nobody.
 */
export async function withdrawCredential(work: RotationWork): Promise<void> {
  const { issuer, rotation } = work;
  const [first] = rotation.claim.members;
  await latestOf(work.tools, first);
  requireClockAgreement(work.tools, first.vault);
  const isRolledBack = rotation.state === 'rolled-back';
  const rolledBack = isRolledBack ? await endRolledBack(work) : null;
  if (rolledBack === 'waits') return;
  let kept = rolledBack === null || rolledBack === 'ended' ? null : rolledBack.kept;
  if (!isRolledBack && issuer.credentialClass === 'minted') {
    if (await mayBeServed(work)) kept = leftAliveReasons.mayBeServed;
    else await deleteMinted(work);
  }
  if (issuer.credentialClass === 'chosen' && (await mayBeSet(work))) await makeStandingValueWork(work);
  await disableStaged(work);
  forget(work.tools, work.attemptId);
  if (await restsForLateRequest(work)) return;
  const reasons = kept === null ? rotation.reasons : [kept];
  await work.outcome('withdraw', { facts: { withdrawn: true, reasons } });
}

/**
 * Whether a version of ours was published after all, unseen by the journal: whoever published over it may have taken its value
 * from there. Such a credential is left, as one that was superseded in its grace is; the version names it.
 */
async function mayBeServed({ rotation, tools }: RotationWork): Promise<boolean> {
  if (rotation.state !== 'superseded') return false;
  for (const { vault, secret } of rotation.claim.members) {
    const versions = await storeOf(tools, vault).versions(secret);
    if (versions.some(({ tags }) => parseAttemptId(tags['rotation-id'])?.rotationId === rotation.rotationId))
      return true;
  }
  return false;
}

/** A staged value may be the provider's already, though no answer said so; and the journal may have lost that it was staged. */
async function mayBeSet(work: RotationWork): Promise<boolean> {
  return work.rotation.stagingVersion !== null || (await findStaged(work)) !== null;
}

async function deleteMinted(work: RotationWork): Promise<void> {
  const request = await work.request('old');
  const found = await work.issuer.describe(request);
  const credentialId = work.rotation.credentialId ?? (found.outcome === 'present' ? found.credentialId : null);
  if (credentialId === null) return;
  await work.intent('withdraw', [], { credentialId });
  await work.issuer.revoke(request, credentialId);
}

async function makeStandingValueWork(work: RotationWork): Promise<void> {
  const { issuer, rotation, tools } = work;
  const [{ vault, secret, fromCredentialId }] = rotation.claim.members;
  const latest = await latestOf(tools, { vault, secret });
  const standing = await readValue(work, { vault, secret, version: latest.version });
  if (standing === null) return;
  const request = { ...(await work.request('old')), current: standing };
  const credentialId = latest.tags['CredentialId'] ?? fromCredentialId ?? rotation.credentialId ?? '';
  const shown = await issuer.verify(request, { credentialId, value: standing });
  // A provider that cannot tell yet has not said that it works.
  if (shown.outcome === 'not-yet') throw new ServiceError('CREDENTIAL_NOT_READY', { issuer: issuer.name, secret });
  if (shown.outcome !== 'refused' || shown.authenticated) return;
  await work.intent('withdraw', [], { credentialId });
  await issuer.issue(request, standing);
  const again = await issuer.verify(request, { credentialId, value: standing });
  if (again.outcome === 'refused') throw new ServiceError('CREDENTIAL_REFUSED', { issuer: issuer.name, secret });
  // A write of ours that was lost, or another person's, may have come meanwhile: then that one is to work, in the next pass.
  if ((await latestOf(tools, { vault, secret })).version !== latest.version)
    throw new ServiceError('CREDENTIAL_NOT_READY', { issuer: issuer.name, secret });
}
