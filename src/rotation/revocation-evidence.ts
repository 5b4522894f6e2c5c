import { keyOf } from './publish-credential.ts';
import type { RotationWork } from './rotation-work.ts';

const dayMs = 86_400_000;
/** Past its grace by this much, a revocation that evidence still forbids may be approved by a person. */
const hardDeadlineMs = 30 * dayMs;

/**
 * Why the old credential must not be ended yet; empty when nothing speaks for it being in use.
 * No new reads is not no use: a job that read the old value may still run, and a log with a gap shows nothing.
 * Each reason is a code with names or times: `grace until …`, `job …`, `read …`, `gap …`.
 */
export async function reasonsToWait(work: RotationWork): Promise<readonly string[]> {
  const { rotation, tools } = work;
  const { claim, graceUntil, publishedAt } = rotation;
  if (publishedAt === null || graceUntil === null) return ['not published'];
  const now = tools.now();
  const quietMs = Math.max(claim.graceMs, claim.consumersLifetimeMs);
  const quietSince = new Date(now.getTime() - quietMs);
  const reasons: string[] = [];
  if (now < graceUntil) reasons.push(`grace until ${graceUntil.toISOString()}`);
  if (publishedAt > quietSince) reasons.push(`consumers may hold the old value until ${later(publishedAt, quietMs)}`);
  // What is certain already needs no question to the log: most passes end here.
  if (reasons.length > 0) return reasons;

  for (const member of claim.members) {
    const since = new Date(publishedAt.getTime() - claim.consumersLifetimeMs);
    const old = { vault: member.vault, name: member.secret, version: member.fromVersion };
    const readers = await tools.readers.readersOf(old, since);
    const name = keyOf(member);
    if (readers.watermark === null || readers.watermark < graceUntil) {
      reasons.push(`log of ${name} read up to ${readers.watermark?.toISOString() ?? 'nowhere'}`);
    }
    if (readers.gaps.length > 0) reasons.push(`gap ${name} ${readers.gaps[0] ?? ''} (${String(readers.gaps.length)})`);
    for (const job of readers.running) reasons.push(`job ${job} runs`);
    const foreign = readers.reads.filter(({ at }) => at > quietSince && !isOwnRead(work, old, at));
    for (const { at, job, identity } of foreign.slice(0, 10)) {
      reasons.push(`read ${name} ${at.toISOString()} by ${job ?? identity ?? 'unknown'}`);
    }
  }
  const lastUsed = await lastUsedAtProvider(work);
  if (lastUsed !== null && lastUsed > quietSince) reasons.push(`provider saw it used ${lastUsed.toISOString()}`);
  return reasons;
}

/** From when on a person may approve what the evidence does not show. An emergency has no deadline to wait for. */
export function approvableFrom(work: RotationWork): Date {
  const { claim, graceUntil, lastAt } = work.rotation;
  const from = graceUntil ?? lastAt;
  return claim.emergency ? from : new Date(from.getTime() + claim.consumersLifetimeMs + hardDeadlineMs);
}

async function lastUsedAtProvider(work: RotationWork): Promise<Date | null> {
  const { fromCredentialId } = work.rotation.claim.members[0];
  if (fromCredentialId === null || fromCredentialId === work.rotation.credentialId) return null;
  return await work.issuer.lastUsed(await work.request('new'), fromCredentialId);
}

/** Our own reads of the old value are in the journal; they keep nobody waiting. */
function isOwnRead(work: RotationWork, old: { vault: string; name: string; version: string }, at: Date): boolean {
  return work
    .ownReads()
    .some(
      (own) =>
        own.vault === old.vault &&
        own.secret === old.name &&
        own.version === old.version &&
        Math.abs(Date.parse(own.at) - at.getTime()) <= 5_000,
    );
}

function later(from: Date, milliseconds: number): string {
  return new Date(from.getTime() + milliseconds).toISOString();
}
