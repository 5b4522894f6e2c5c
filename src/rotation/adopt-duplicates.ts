import type { SecretValue } from '../secrets/secret-value.ts';
import type { ClaimedMember } from './journal-entry.ts';
import { keyOf } from './member-key.ts';
import { parseAttemptId } from './rotation-id.ts';
import type { RotationWork } from './rotation-work.ts';
import type { SecretVersion } from './ports/secret-store.ts';
import { latestOf, operation, readValue, storeOf } from './vault-access.ts';

/**
 * A write that was lost may arrive late and add a second version of one rotation. The newest is what readers of the latest get,
 * so that one counts as published from now on, and older ones with the same value are disabled. Gives how many.
 * Where another attempt of class `self` arrives, with a value of its own, what is published is published again: the other
 * secrets of its group and further places hold that. Any other version that only carries our tags is somebody else's.
 */
export async function adoptDuplicates(work: RotationWork): Promise<number> {
  let disabled = 0;
  for (const member of work.rotation.claim.members) {
    const versions = await storeOf(work.tools, member.vault).versions(member.secret);
    const ours = versions.filter((one) => one.enabled && tagOf(one)?.rotationId === work.rotation.rotationId);
    // The order of versions made in one second is the vault's secret: the newest is the one it serves.
    const { version: latest } = await latestOf(work.tools, member);
    const newest = ours.find(({ version }) => version === latest);
    const older = ours.filter((one) => one !== newest);
    const published = work.rotation.published.get(keyOf(member));
    const of = versions.find(({ version }) => version === published);
    if (newest === undefined || published === undefined || (ours.length === 1 && newest.version === published))
      continue;
    if (newest.version !== published && !(await adopt(work, member, newest, { published, of }))) continue;
    for (const one of older) {
      if (one.tags['rotation-id'] !== newest.tags['rotation-id'] || one.version === member.fromVersion) continue;
      await disable(work, member, one.version);
      disabled += 1;
    }
  }
  return disabled;
}

async function adopt(
  work: RotationWork,
  member: ClaimedMember,
  newest: SecretVersion,
  { published, of }: { readonly published: string; readonly of: SecretVersion | undefined },
): Promise<boolean> {
  const { vault, secret } = member;
  const left = [`left ${keyOf(member)}@${newest.version}`];
  if (work.rotation.leftAlone.includes(left[0] ?? '')) return false;
  const value = await readValue(work, { vault, secret, version: newest.version });
  const known = await readValue(work, { vault, secret, version: published });
  // Each attempt of class `self` has a value of its own: another one than the published one's is a write of ours that was lost.
  const isOther =
    work.issuer.credentialClass === 'self' && tagOf(newest)?.attempt !== (of === undefined ? null : tagOf(of)?.attempt);
  if (isOther && known !== null) await publishAgain(work, member, { version: published, value: known, late: newest });
  else if (value !== null && known?.equals(value) === true) await recordNewest(work, member, newest.version);
  else {
    // Looked at once: the values that were read are accounted for, and not read again.
    const { state, step, attempt } = work.rotation;
    await work.outcome('sweep', { state, step, attempt, facts: { reasons: left } });
    return false;
  }
  return !isOther;
}

/** Covers a late version with the one that is published, unless somebody else has covered it. */
async function publishAgain(
  work: RotationWork,
  member: ClaimedMember,
  { version, value, late }: { version: string; value: SecretValue; late: SecretVersion },
): Promise<void> {
  const { vault, secret } = member;
  const store = storeOf(work.tools, vault);
  const old = (await store.versions(secret)).find((one) => one.version === version) ?? late;
  // Somebody may have published since it was read.
  if ((await latestOf(work.tools, member)).version !== late.version) return;
  const { state, step, attempt } = work.rotation;
  const reasons = [`late ${vault}/${secret} ${late.version}`];
  await work.outcome('sweep', { state, step, attempt, facts: { reasons } });
  work.requireTime();
  const { expires, contentType, tags } = old;
  const added = await store.add({ name: secret, value, expires, contentType, tags });
  work.note(operation(work.tools, 'SecretSet', vault, secret, added.version));
  await recordNewest(work, member, added.version);
}

async function recordNewest(work: RotationWork, member: ClaimedMember, publishedVersion: string): Promise<void> {
  const { state, step, attempt } = work.rotation;
  await work.outcome('sweep', { state, step, attempt, facts: { member: keyOf(member), publishedVersion } });
}

async function disable(work: RotationWork, { vault, secret }: ClaimedMember, version: string): Promise<void> {
  const { state, step, attempt } = work.rotation;
  const reasons = [`duplicate ${vault}/${secret} ${version}`];
  await work.outcome('sweep', { state, step, attempt, facts: { reasons } });
  work.requireTime();
  await storeOf(work.tools, vault).update(secret, version, { enabled: false });
  work.note(operation(work.tools, 'SecretUpdate', vault, secret, version));
  await work.outcome('sweep', { state, step, attempt, facts: { reasons: [...reasons, 'disabled'] } });
}

function tagOf({ tags }: SecretVersion): { rotationId: string; attempt: number } | null {
  return parseAttemptId(tags['rotation-id']);
}
