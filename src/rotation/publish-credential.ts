import { isOurs, markSuperseded } from './supersession.ts';
import { keyOf } from './member-key.ts';
import type { SecretBinding } from '../secrets/policy.ts';
import type { SecretValue } from '../secrets/secret-value.ts';
import { ServiceError } from '../service-error.ts';
import type { IssuedCredential } from './ports/credential-issuer.ts';
import { nextAttempt, pendingCredential, publishedPart } from './issue-credential.ts';
import type { ClaimedMember } from './journal-entry.ts';
import { publishedTags } from './published-tags.ts';
import { bindingKey } from './rotation-unit.ts';
import type { RotationWork } from './rotation-work.ts';
import type { SecretVersion } from './ports/secret-store.ts';
import { latestOf, operation, storeOf } from './vault-access.ts';

/**
 * Makes the verified value the newest version of every member, once each, whatever crashes or is lost on the way.
 * A version that carries this rotation's id is ours already; one that does not and is not the claimed one is somebody
 * else's: theirs stands.
 */
export async function publishCredential(work: RotationWork): Promise<void> {
  const { members } = work.rotation.claim;
  for (const member of members) {
    if (work.rotation.published.has(keyOf(member))) continue;
    const latest = await latestOf(work.tools, member);
    if (isOurs(work, latest)) await recordPublished(work, member, latest);
    else if (latest.version !== member.fromVersion) return markSuperseded(work, member, latest);
    else await publishMember(work, member, latest);
  }
}

async function publishMember(work: RotationWork, member: ClaimedMember, latest: SecretVersion): Promise<void> {
  const binding = bindingOf(work, member);
  const credential = await credentialToPublish(work);
  const expires = wholeSeconds(work.tools.now().getTime() + work.rotation.claim.validityMs);
  const tags = publishedTags(member, latest.tags, {
    environment: binding.environment,
    expires,
    rotationId: work.attemptId,
    rotatedFrom: member.fromVersion,
    credentialId: work.issuer.credentialClass === 'self' ? null : credential.credentialId,
  });
  const value = work.issuer.formFor?.(binding, credential) ?? credential.value;
  const { vault, secret } = member;
  await work.intent('publish', [operation(work.tools, 'SecretSet', vault, secret, null)], { member: keyOf(member) });
  const added = await addOnce(work, member, { value, expires, contentType: latest.contentType, tags });
  work.note(operation(work.tools, 'SecretSet', vault, secret, added.version));
  await recordPublished(work, member, added);
}

/** Adds the version; when the answer is lost, what the vault holds now decides, for the act may have happened. */
async function addOnce(
  work: RotationWork,
  { vault, secret }: ClaimedMember,
  version: { value: SecretValue; expires: Date; contentType: string | null; tags: Readonly<Record<string, string>> },
): Promise<SecretVersion> {
  try {
    return await storeOf(work.tools, vault).add({ name: secret, ...version });
  } catch (error) {
    if (!ServiceError.is(error, 'VAULT_ANSWER_UNCLEAR')) throw error;
    const latest = await latestOf(work.tools, { vault, secret });
    if (isOurs(work, latest)) return latest;
    throw error;
  }
}

async function recordPublished(
  work: RotationWork,
  member: ClaimedMember,
  { version, tags }: SecretVersion,
): Promise<void> {
  const { claim, published, credentialId, step } = work.rotation;
  const complete = claim.members.every((one) => one === member || published.has(keyOf(one)));
  const tagged = tags['CredentialId'];
  await work.outcome('publish', {
    step: complete ? 'published' : step,
    facts: {
      member: keyOf(member),
      publishedVersion: version,
      // Only where the journal lost it: the tag is what an earlier worker wrote.
      ...(credentialId === null && tagged !== undefined ? { credentialId: tagged } : {}),
    },
  });
}

/** The one value of this rotation. A `self` value is in nobody's memory after a crash, unless a member has it already. */
async function credentialToPublish(work: RotationWork): Promise<IssuedCredential> {
  const { issuer, rotation } = work;
  if (issuer.credentialClass !== 'self') return pendingCredential(work);
  const published = await publishedPart(work);
  if (published !== null) return { credentialId: work.attemptId, value: published };
  // A write that was lost may still arrive, with the value that died: it must not carry the same id as another value.
  if (rotation.pending?.act === 'publish') await nextAttempt(work, null, 'answer-lost');
  const value = issuer.propose(await work.request('old'));
  if (value === null)
    throw new ServiceError('CREDENTIAL_REFUSED', { issuer: issuer.name, secret: rotation.claim.members[0].secret });
  return { credentialId: work.attemptId, value };
}

/** The policy's word on a member of the claim. */
export function bindingOf(work: RotationWork, member: ClaimedMember): SecretBinding {
  const binding = work.unit.members.find((one) => bindingKey(one) === keyOf(member));
  if (binding === undefined) throw new ServiceError('SECRET_NOT_BOUND', { vault: member.vault, secret: member.secret });
  return binding;
}

function wholeSeconds(milliseconds: number): Date {
  return new Date(Math.floor(milliseconds / 1000) * 1000);
}
