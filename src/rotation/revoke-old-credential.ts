import { ServiceError } from '../service-error.ts';
import { approvableFrom, graceOf, reasonsToWait } from './revocation-evidence.ts';
import { adoptDuplicates } from './adopt-duplicates.ts';
import { askForApproval, isApproved, isBrokenOpen, wantsApproval } from './approval.ts';
import { parseAttemptId } from './rotation-id.ts';
import type { RotationWork } from './rotation-work.ts';
import type { ClaimedMember } from './journal-entry.ts';
import { lateRequestLeftMs, restsForLateRequest } from './late-request.ts';
import { keyOf } from './member-key.ts';
import { bindingKey } from './rotation-unit.ts';
import type { SecretVersion } from './ports/secret-store.ts';
import { areWorthNoting, boundedReasons } from './waiting-reasons.ts';
import { latestOf, operation, readValue, requireClockAgreement, storeOf } from './vault-access.ts';

/** How long a provider may go on accepting what it has revoked, before its end counts as not shown. */
const revocationSpreadMs = 300_000;

/**
 * Ends the old credential, if nothing speaks against it: evidence, approval, clocks, and the new one in force and working.
 * Gives false when it must wait; the reasons are in the journal.
 */
export async function revokeOldCredential(work: RotationWork): Promise<boolean> {
  const standing = await newestPublication(work);
  if (standing === null || !(await mayRevoke(work, graceOf(work, standing)))) return false;
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

/**
 * When the last member was published, by the vault's clock; `null` when a newest version is not ours any more: whoever published
 * over it may use either credential, so both stay and the rotation ends.
 * @throws ServiceError `CLOCK_DISAGREES`, `SECRET_DISABLED`.
 */
async function newestPublication(work: RotationWork): Promise<Date | null> {
  const { rotation, tools } = work;
  let newest = new Date(0);
  for (const member of rotation.claim.members) {
    let latest = await latestOf(tools, member);
    requireClockAgreement(tools, member.vault);
    if (latest.version !== work.rotation.published.get(keyOf(member))) {
      await adoptDuplicates(work);
      latest = await latestOf(tools, member);
    }
    if (latest.version !== work.rotation.published.get(keyOf(member))) {
      const reasons = [`${keyOf(member)}@${latest.version}`];
      const withdrawn = lateRequestLeftMs(work) === 0;
      await work.outcome('adopt', { state: 'superseded', facts: { reasons, withdrawn } });
      return null;
    }
    if (!latest.enabled)
      throw new ServiceError('SECRET_DISABLED', {
        vault: member.vault,
        secret: member.secret,
        version: latest.version,
      });
    if (latest.created > newest) newest = latest.created;
  }
  return newest;
}

/** Disables what is left of the old versions, so that nobody reads a dead value; never the newest version of a secret. */
export async function disableOldVersions(work: RotationWork): Promise<void> {
  const { rotationId, claim, published } = work.rotation;
  for (const member of claim.members) {
    const { vault, secret, fromVersion } = member;
    const store = storeOf(work.tools, vault);
    const latest = await latestOf(work.tools, { vault, secret });
    const versions = await store.versions(secret);
    const sameValue = await holdingOldValue(work, member, versions);
    for (const { version, enabled, tags } of versions) {
      const isOver =
        version === fromVersion ||
        parseAttemptId(tags['rotation-id'])?.rotationId === rotationId ||
        sameValue.includes(version);
      const isInForce = version === latest.version || version === published.get(bindingKey({ vault, name: secret }));
      if (!enabled || !isOver || isInForce) continue;
      await work.intent('disable', [operation(work.tools, 'SecretUpdate', vault, secret, version)]);
      await store.update(secret, version, { enabled: false });
      work.note(operation(work.tools, 'SecretUpdate', vault, secret, version));
    }
  }
  // The next rotation may not begin while a request of this one could still end what it makes.
  if (await restsForLateRequest(work)) return;
  await work.outcome('finish', { step: 'done' });
}

/** Older versions that hold the value that has ended, as behind a roll-back: nobody should read it there either. */
async function holdingOldValue(
  work: RotationWork,
  { vault, secret, fromVersion }: ClaimedMember,
  versions: readonly SecretVersion[],
): Promise<readonly string[]> {
  const from = versions.find(({ version }) => version === fromVersion);
  const older = versions.filter(
    (one) => one.enabled && one.version !== fromVersion && from !== undefined && one.created <= from.created,
  );
  if (older.length === 0) return [];
  const old = await readValue(work, { vault, secret, version: fromVersion });
  const holding: string[] = [];
  for (const { version } of older) {
    if (old !== null && (await readValue(work, { vault, secret, version }))?.equals(old) === true)
      holding.push(version);
  }
  return holding;
}

async function mayRevoke(work: RotationWork, grace: { publishedAt: Date; graceUntil: Date }): Promise<boolean> {
  if (isBrokenOpen(work)) return true;
  const reasons = await reasonsToWait(work, grace);
  if (reasons.length > 0) {
    const isOverdue = work.tools.now() >= approvableFrom(work, grace.graceUntil);
    if (isOverdue && isApproved(work, 'revoke')) return true;
    if (isOverdue) await askForApproval(work, 'revoke', reasons);
    else if (
      work.rotation.state !== 'grace' ||
      areWorthNoting(work.rotation, boundedReasons(reasons), work.tools.now())
    ) {
      await work.outcome('postpone', { state: 'grace', facts: { reasons: boundedReasons(reasons) } });
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
  const [{ vault, secret, fromVersion }] = rotation.claim.members;
  const request = await work.request('new');
  const oldId = await oldCredentialId(work);
  const began = rotation.pending?.act === 'revoke' ? new Date(rotation.pending.at) : tools.now();
  if (oldId === null && issuer.credentialClass === 'minted') return 'disabled-only';
  if (oldId !== null) {
    if (!(await isOursToEnd(work, oldId))) return 'disabled-only';
    if (rotation.pending?.act !== 'revoke') await work.intent('revoke', [], { credentialId: oldId });
    // The vault knows no compare-and-set: whoever sets the old value again must be seen as late as can be.
    if ((await newestPublication(work)) === null) return null;
    work.requireTime();
    await issuer.revoke(request, oldId);
  }
  const old = await readValue(work, { vault, secret, version: fromVersion });
  if (old === null) return 'cannot-be-shown';
  const tried = await issuer.verify(request, { credentialId: oldId ?? rotation.credentialId ?? '', value: old });
  // A refusal counts only beside a success: a firewall refuses both.
  if (tried.outcome === 'refused' && !tried.authenticated) {
    await requireNewInForce(work);
    return 'dead';
  }
  if (oldId === null || tools.now().getTime() - began.getTime() >= revocationSpreadMs) return 'cannot-be-shown';
  const { tries, cycle } = rotation;
  const retryAt = new Date(tools.now().getTime() + 30_000).toISOString();
  await work.outcome('wait', {
    state: 'retry-wait',
    facts: { failure: 'CREDENTIAL_NOT_READY', tries, cycle, retryAt },
  });
  return null;
}

/**
 * The provider's id of what is to end, or `null` when nothing is known, or it is the one in force. Of two slots it is the one that
 * the value in force does not open, whatever a tag says.
 */
async function oldCredentialId(work: RotationWork): Promise<string | null> {
  const { rotation, issuer } = work;
  if (issuer.credentialClass === 'read-back') {
    const other = await issuer.describe(await work.request('new'));
    return other.outcome === 'present' && other.credentialId !== rotation.credentialId ? other.credentialId : null;
  }
  const { fromCredentialId } = rotation.claim.members[0];
  const known = fromCredentialId ?? (await idByValue(work));
  return known === rotation.credentialId ? null : known;
}

/** Somebody set a value of ours again without its tags: the version that it was published with still says whose it is. */
async function idByValue(work: RotationWork): Promise<string | null> {
  const [{ vault, secret, fromVersion }] = work.rotation.claim.members;
  const versions = await storeOf(work.tools, vault).versions(secret);
  const tagged = versions.filter(
    ({ enabled, tags }) => enabled && tags['CredentialId'] !== undefined && !isOwn(work, tags),
  );
  if (tagged.length === 0) return null;
  const old = await readValue(work, { vault, secret, version: fromVersion });
  for (const { version, tags } of tagged) {
    const value = await readValue(work, { vault, secret, version });
    if (old !== null && value?.equals(old) === true) return tags['CredentialId'] ?? null;
  }
  return null;
}

function isOwn({ rotation }: RotationWork, tags: Readonly<Record<string, string>>): boolean {
  return parseAttemptId(tags['rotation-id'])?.rotationId === rotation.rotationId;
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
  const [{ knownFrom, vault, secret }] = rotation.claim.members;
  if (knownFrom === 'journal' || issuer.credentialClass !== 'minted' || isApproved(work, 'revoke')) return true;
  const listed = await issuer.list(unit.members[0], (await work.request('new')).signal);
  const name = listed.find((one) => one.credentialId === credentialId)?.rotationId;
  const versions = await storeOf(work.tools, vault).versions(secret);
  const published = versions.find(({ tags }) => tags['CredentialId'] === credentialId && tags['rotation-id'] === name);
  return name !== undefined && published !== undefined && parseAttemptId(name) !== null;
}
