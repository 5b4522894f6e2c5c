import { approvalsSince, wantsApproval } from './approval.ts';
import { restsForLateRequest } from './late-request.ts';
import { leftAliveReasons } from './left-alive.ts';
import { keyOf } from './member-key.ts';
import { isOurs } from './supersession.ts';
import { approvableFrom, graceOf, reasonsToWait } from './revocation-evidence.ts';
import { publishOld, restoreElsewhere, rolledBack } from './roll-back-rotation.ts';
import type { RotationWork } from './rotation-work.ts';
import { areWorthNoting, boundedReasons } from './waiting-reasons.ts';
import type { SecretVersion } from './ports/secret-store.ts';
import { latestOf, operation, readValue, requireClockAgreement, storeOf } from './vault-access.ts';

/** What was published stays alive, for a reason that the journal says. */
export interface Kept {
  readonly kept: string;
}

/** The newest version of each member, by `vault/name`. */
type Standing = ReadonlyMap<string, SecretVersion>;

/**
 * After a roll-back: ends what the rotation had published, by the same rule as any old credential, for jobs have read it.
 * Gives `waits` while something speaks for its use, and the reason for leaving it alive when somebody has published over the
 * roll-back, for whoever did may use either credential, or when nobody can tell which value stands.
 */
export async function endRolledBack(work: RotationWork): Promise<'ended' | 'waits' | Kept> {
  const standing = await newestVersions(work);
  if (await rolledBackOnceMore(work, standing)) return 'waits';
  if (!(await mayEnd(work, standing))) return 'waits';
  const kept = await keptBecause(work, standing);
  if (kept !== null) return kept;
  if (await restsForLateRequest(work)) return 'waits';
  // What was published to a further place may have arrived there behind the roll-back.
  if (work.rotation.unanswered.some(({ isPlace }) => isPlace)) await restoreElsewhere(work, work.rotation.reasons);
  if (!(await endAtProvider(work, standing))) return 'waits';
  await disablePublished(work, standing);
  return 'ended';
}

async function newestVersions({ rotation, tools }: RotationWork): Promise<Standing> {
  const standing = new Map<string, SecretVersion>();
  for (const member of rotation.claim.members) {
    standing.set(keyOf(member), await latestOf(tools, member));
    requireClockAgreement(tools, member.vault);
  }
  return standing;
}

/** A write of ours that was lost has arrived behind the roll-back, and readers get what nobody wants them to have. */
async function rolledBackOnceMore(work: RotationWork, standing: Standing): Promise<boolean> {
  const again = work.rotation.claim.members.filter((member) => {
    const latest = standing.get(keyOf(member));
    return latest !== undefined && isOurs(work, latest);
  });
  const reasons = ['a version of this rotation arrived behind the roll-back'];
  for (const member of again) await publishOld(work, member, reasons);
  if (again.length > 0) await rolledBack(work, reasons);
  return again.length > 0;
}

async function mayEnd(work: RotationWork, standing: Standing): Promise<boolean> {
  const { rotation, tools } = work;
  const since = new Date(Math.max(...[...standing.values()].map(({ created }) => created.getTime())));
  const approvals = approvalsSince(work, 'revoke', since);
  if (approvals.some(({ breakGlass }) => breakGlass)) return true;
  const grace = graceOf(work, since, 'new');
  const reasons = await reasonsToWait(work, grace, 'new');
  const isOverdue = tools.now() >= approvableFrom(work, grace.graceUntil, 'new');
  const asks = reasons.length === 0 ? wantsApproval(work, 'revoke') : isOverdue;
  if (asks ? approvals.length > 0 : reasons.length === 0) return true;
  const told = [...(asks ? ['wanted: revoke'] : []), ...boundedReasons(reasons)];
  if (areWorthNoting(rotation, told, tools.now())) await work.outcome('postpone', { facts: { reasons: told } });
  return false;
}

async function keptBecause(work: RotationWork, standing: Standing): Promise<Kept | null> {
  for (const member of work.rotation.claim.members) {
    const { vault, secret, fromVersion } = member;
    const version = standing.get(keyOf(member))?.version ?? fromVersion;
    const old = await readValue(work, { vault, secret, version: fromVersion });
    if (old === null) return { kept: leftAliveReasons.oldVersionGone };
    const stands = await readValue(work, { vault, secret, version });
    if (stands?.equals(old) !== true) return { kept: leftAliveReasons.publishedOver };
  }
  return null;
}

/** Gives false when somebody published at the last moment: the next pass decides anew. */
async function endAtProvider(work: RotationWork, standing: Standing): Promise<boolean> {
  const credentialId = await credentialToEnd(work);
  if (credentialId === null) return true;
  const request = await work.request('old');
  await work.intent('withdraw', [], { credentialId });
  for (const [key, { version }] of await newestVersions(work)) {
    if (standing.get(key)?.version !== version) return false;
  }
  work.requireTime();
  await work.issuer.revoke(request, credentialId);
  return true;
}

/** `null` where one password served both values, or the provider has nothing of ours. */
async function credentialToEnd(work: RotationWork): Promise<string | null> {
  const { issuer, rotation } = work;
  const { fromCredentialId } = rotation.claim.members[0];
  if (issuer.credentialClass === 'self' || rotation.credentialId === fromCredentialId) return null;
  if (issuer.credentialClass !== 'read-back') return rotation.credentialId;
  // Of two slots it is the one that the old value does not open, whatever a tag says.
  const other = await issuer.describe(await work.request('old'));
  return other.outcome === 'present' ? other.credentialId : null;
}

async function disablePublished(work: RotationWork, standing: Standing): Promise<void> {
  for (const member of work.rotation.claim.members) {
    const { vault, secret } = member;
    for (const one of await storeOf(work.tools, vault).versions(secret)) {
      if (!one.enabled || !isOurs(work, one) || one.version === standing.get(keyOf(member))?.version) continue;
      await work.intent('disable', [operation(work.tools, 'SecretUpdate', vault, secret, one.version)]);
      await storeOf(work.tools, vault).update(secret, one.version, { enabled: false });
      work.note(operation(work.tools, 'SecretUpdate', vault, secret, one.version));
    }
  }
}
