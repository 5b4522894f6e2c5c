import { ServiceError } from '../service-error.ts';
import { approvableFrom, reasonsToWait } from './revocation-evidence.ts';
import { adoptDuplicates } from './adopt-duplicates.ts';
import { askForApproval, isApproved, isBrokenOpen, wantsApproval } from './approval.ts';
import { parseAttemptId } from './rotation-id.ts';
import type { RotationWork } from './rotation-work.ts';
import { keyOf } from './publish-credential.ts';
import { latestOf, operation, readValue, requireClockAgreement, storeOf } from './vault-access.ts';

/** How long a provider may go on accepting what it has revoked, before its end counts as not shown. */
const revocationSpreadMs = 300_000;

/**
 * Ends the old credential, if nothing speaks against it: evidence, approval, clocks, and the new one in force and working.
 * Gives false when it must wait; the reasons are in the journal.
 */
export async function revokeOldCredential(work: RotationWork): Promise<boolean> {
  const { rotation, tools } = work;
  if (!(await mayRevoke(work))) return false;
  await adoptDuplicates(work);
  for (const member of rotation.claim.members) {
    const latest = await latestOf(tools, member);
    requireClockAgreement(tools, member.vault);
    if (latest.version === work.rotation.published.get(keyOf(member))) {
      if (latest.enabled) continue;
      throw new ServiceError('SECRET_DISABLED', {
        vault: member.vault,
        secret: member.secret,
        version: latest.version,
      });
    }
    // Whoever published over ours may use either credential: both stay, and the journal names them.
    const reasons = [`${keyOf(member)}@${latest.version}`];
    await work.outcome('adopt', { state: 'superseded', facts: { reasons, withdrawn: true } });
    return false;
  }
  if (work.issuer.credentialClass === 'self') {
    await work.outcome('revoke', { step: 'revoked', facts: { oldValue: 'disabled-only' } });
    return true;
  }
  await requireNewInForce(work);
  const oldValue = await endAtProvider(work);
  if (oldValue === null) return false;
  await work.outcome('revoke', { step: 'revoked', facts: { oldValue } });
  return true;
}

/** Disables what is left of the old versions, so that nobody reads a dead value; never the newest version of a secret. */
export async function disableOldVersions(work: RotationWork): Promise<void> {
  const { rotationId, claim } = work.rotation;
  for (const { vault, secret, fromVersion } of claim.members) {
    const store = storeOf(work.tools, vault);
    const latest = await latestOf(work.tools, { vault, secret });
    for (const { version, enabled, tags } of await store.versions(secret)) {
      const over = version === fromVersion || parseAttemptId(tags['rotation-id'])?.rotationId === rotationId;
      if (!enabled || !over || version === latest.version) continue;
      await work.intent('disable', [operation(work.tools, 'SecretUpdate', vault, secret, version)]);
      await store.update(secret, version, { enabled: false });
      work.note(operation(work.tools, 'SecretUpdate', vault, secret, version));
    }
  }
  await work.outcome('finish', { step: 'done' });
}

async function mayRevoke(work: RotationWork): Promise<boolean> {
  if (isBrokenOpen(work)) return true;
  const reasons = await reasonsToWait(work);
  if (reasons.length > 0) {
    const overdue = work.tools.now() >= approvableFrom(work);
    if (overdue && isApproved(work, 'revoke')) return true;
    if (overdue) await askForApproval(work, 'revoke', reasons);
    else if (work.rotation.state !== 'grace' || reasons.join() !== work.rotation.reasons.join()) {
      await work.outcome('postpone', { state: 'grace', facts: { reasons } });
    }
    return false;
  }
  if (!wantsApproval(work, 'revoke') || isApproved(work, 'revoke')) return true;
  await askForApproval(work, 'revoke', ['nothing speaks for it being in use']);
  return false;
}

/** Revokes by id and tries the old value once. Gives `null` when the provider still lets it in and may need a moment. */
async function endAtProvider(work: RotationWork): Promise<'dead' | 'disabled-only' | 'cannot-be-shown' | null> {
  const { rotation, issuer, tools } = work;
  const [{ vault, secret, fromVersion, fromCredentialId }] = rotation.claim.members;
  const request = await work.request('new');
  const began = rotation.pending?.act === 'revoke' ? new Date(rotation.pending.at) : tools.now();
  if (fromCredentialId !== null && fromCredentialId !== rotation.credentialId) {
    if (!(await isOursToEnd(work, fromCredentialId))) return 'disabled-only';
    if (rotation.pending?.act !== 'revoke') await work.intent('revoke', [], { credentialId: fromCredentialId });
    await issuer.revoke(request, fromCredentialId);
  } else if (issuer.credentialClass === 'minted') return 'disabled-only';
  const old = await readValue(work, { vault, secret, version: fromVersion });
  if (old === null) return 'cannot-be-shown';
  const tried = await issuer.verify(request, {
    credentialId: fromCredentialId ?? rotation.credentialId ?? '',
    value: old,
  });
  // A refusal counts only beside a success: a firewall refuses both.
  if (tried.outcome === 'refused' && !tried.authenticated) {
    await requireNewInForce(work);
    return 'dead';
  }
  if (tools.now().getTime() - began.getTime() >= revocationSpreadMs) return 'cannot-be-shown';
  const { tries, cycle } = rotation;
  const retryAt = new Date(tools.now().getTime() + 30_000).toISOString();
  await work.outcome('wait', {
    state: 'retry-wait',
    facts: { failure: 'CREDENTIAL_NOT_READY', tries, cycle, retryAt },
  });
  return null;
}

/** @throws ServiceError `CREDENTIAL_IN_FORCE_REFUSED` unless the published credential works at this moment. */
async function requireNewInForce(work: RotationWork): Promise<void> {
  const request = await work.request('new');
  const { rotation, issuer } = work;
  const credentialId = rotation.credentialId;
  if (request.current !== null && credentialId !== null) {
    const shown = await issuer.verify(request, { credentialId, value: request.current });
    if (shown.outcome === 'works') return;
  }
  throw new ServiceError('CREDENTIAL_IN_FORCE_REFUSED', {
    issuer: issuer.name,
    secret: rotation.claim.members[0].secret,
  });
}

/**
 * Whether the old credential may be ended on what is known of it. A minted credential that only a tag names might be
 * anybody's: it counts when the provider's own list shows it under the name of a rotation of this very secret, or when a
 * person approved. Other classes end slots and users that the issuer compares with the binding's target.
 */
async function isOursToEnd(work: RotationWork, credentialId: string): Promise<boolean> {
  const { issuer, rotation, unit } = work;
  const [{ knownFrom, vault, secret, fromVersion }] = rotation.claim.members;
  if (knownFrom === 'journal' || issuer.credentialClass !== 'minted' || isApproved(work, 'revoke')) return true;
  const listed = await issuer.list(unit.members[0], (await work.request('new')).signal);
  const name = listed.find((one) => one.credentialId === credentialId)?.rotationId;
  const versions = await storeOf(work.tools, vault).versions(secret);
  const tag = versions.find(({ version }) => version === fromVersion)?.tags['rotation-id'];
  return name !== undefined && name === tag && parseAttemptId(name) !== null;
}
