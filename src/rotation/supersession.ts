import { ServiceError } from '../service-error.ts';
import type { ClaimedMember } from './journal-entry.ts';
import { lateRequestMs } from './late-request.ts';
import { keyOf } from './member-key.ts';
import { parseAttemptId } from './rotation-id.ts';
import type { RotationWork } from './rotation-work.ts';
import type { SecretVersion } from './ports/secret-store.ts';

/** Whether a version was published by this rotation, in whichever attempt. */
export function isOurs(work: RotationWork, version: SecretVersion): boolean {
  return parseAttemptId(version.tags['rotation-id'])?.rotationId === work.rotation.rotationId;
}

/** Theirs stands. What we issued is withdrawn at the next pass, unless a part of the group is published: then a person decides. */
export async function markSuperseded(work: RotationWork, member: ClaimedMember, latest: SecretVersion): Promise<void> {
  if (work.rotation.published.size > 0) {
    throw new ServiceError('GROUP_SUPERSEDED', { vault: member.vault, secret: member.secret, version: latest.version });
  }
  const reasons = [`${keyOf(member)}@${latest.version}`];
  await work.outcome('adopt', { state: 'superseded', facts: { reasons, ...untilNothingArrives(work) } });
}

/** What may still become the newest version must work until then: it is withdrawn when no request can be under way any more. */
function untilNothingArrives({ rotation: { pending } }: RotationWork): { readonly retryAt?: string } {
  if (pending?.act !== 'publish') return {};
  return { retryAt: new Date(Date.parse(pending.at) + lateRequestMs).toISOString() };
}
