import { SecretValue } from '../secrets/secret-value.ts';
import { ServiceError } from '../service-error.ts';
import type { ClaimedMember } from './journal-entry.ts';
import { keyOf } from './member-key.ts';
import { bindingOf } from './publish-credential.ts';
import { isOurs, markSuperseded } from './supersession.ts';
import { publishedTags } from './published-tags.ts';
import type { RotationWork } from './rotation-work.ts';
import { latestOf, readValue, requireClockAgreement, storeOf } from './vault-access.ts';

/**
 * Looks at the vault before anything is issued or published: does the claimed version still stand?
 * Gives false when that decided the rotation: somebody else published, or this rotation had, and the journal had lost it.
 * @throws ServiceError `SECRET_ABSENT`; `SECRET_TAGS_TOO_MANY`, here rather than with a new credential in hand.
 */
export async function stillStands(work: RotationWork): Promise<boolean> {
  const { rotation, tools } = work;
  const { members, validityMs } = rotation.claim;
  let recovered = false;
  for (const member of members) {
    const latest = await latestOf(tools, member);
    requireClockAgreement(tools, member.vault);
    if (rotation.published.has(keyOf(member))) continue;
    if (isOurs(work, latest)) {
      await recover(work, keyOf(member), latest.version, latest.tags['CredentialId']);
      recovered = true;
      continue;
    }
    if (latest.version !== member.fromVersion) {
      await markSuperseded(work, member, latest);
      return false;
    }
    publishedTags(member, latest.tags, {
      environment: bindingOf(work, member).environment,
      expires: new Date(tools.now().getTime() + validityMs),
      rotationId: work.attemptId,
      rotatedFrom: member.fromVersion,
      credentialId: 'to be issued',
    });
  }
  if (!recovered && rotation.step === 'claimed' && rotation.published.size === 0) await requireOneCredential(work);
  return !recovered;
}

/**
 * Refuses to renew a credential that a group's secrets do not agree about: what one of them does not hold may be the very slot
 * or user that is renewed, while another serves it.
 */
async function requireOneCredential(work: RotationWork): Promise<void> {
  const [first, ...others] = work.rotation.claim.members;
  if (work.issuer.credentialClass === 'self' || others.length === 0) return;
  const mark = async ({ vault, secret, fromVersion, fromCredentialId }: ClaimedMember) =>
    work.issuer.formFor === undefined
      ? await readValue(work, { vault, secret, version: fromVersion })
      : fromCredentialId;
  const known = await mark(first);
  for (const other of others) {
    const its = await mark(other);
    const isSame = known instanceof SecretValue && its instanceof SecretValue ? known.equals(its) : known === its;
    if (isSame) continue;
    throw new ServiceError('GROUP_DISAGREES', { vault: other.vault, secret: other.secret, first: keyOf(first) });
  }
}

/**
 * Whether a rotation that waits for a person was settled meanwhile: somebody set the secret by hand, or a lost write of ours
 * arrived. Throws nothing that would be one more failure: what cannot be seen now is looked at in the next pass.
 */
export async function isOvertaken(work: RotationWork): Promise<boolean> {
  const { rotation, tools } = work;
  for (const member of rotation.claim.members) {
    const latest = await storeOf(tools, member.vault).latest(member.secret);
    if (latest === null || rotation.published.has(keyOf(member))) continue;
    if (isOurs(work, latest)) {
      await recover(work, keyOf(member), latest.version, latest.tags['CredentialId']);
      return true;
    }
    if (latest.version === member.fromVersion || rotation.published.size > 0) continue;
    await markSuperseded(work, member, latest);
    return true;
  }
  return false;
}

/**
 * A version of ours that the journal does not know: a lost write that arrived, or a journal that was set back. It was verified
 * before it was published, so the steps before that are over: issuing anew would end what is in force.
 */
async function recover(
  work: RotationWork,
  member: string,
  version: string,
  credentialId: string | undefined,
): Promise<void> {
  const { members } = work.rotation.claim;
  const complete = members.every((one) => keyOf(one) === member || work.rotation.published.has(keyOf(one)));
  await work.outcome('adopt', {
    step: complete ? 'published' : work.issuer.credentialClass === 'self' ? 'claimed' : 'verified',
    facts: { member, publishedVersion: version, ...(credentialId === undefined ? {} : { credentialId }) },
  });
}
