import { placeIn } from '../rotation-unit.ts';
import { graceUntil, type Patience } from '../decide/patience.ts';
import type { VaultOperation, WaitReason } from '../journal/journal-entry.ts';
import type { Credential, TargetState } from '../journal/target-state.ts';
import type { CredentialIssuer, IssueRequest } from '../ports/credential-issuer.ts';
import type { SecretVersion } from '../ports/secret-store.ts';
import type { VersionReadersPort } from '../ports/version-readers.ts';

/** A version that was disabled before anybody looked at it counts for so long: no job runs longer. */
const longestJobMs = 30 * 86_400_000;
/** The log's time of one of our own reads lies within this of the journal's. */
const ownReadMs = 5_000;

interface Asked {
  readonly state: TargetState;
  readonly credential: Credential;
  readonly patience: Patience;
  readonly now: Date;
  readonly versions: ReadonlyMap<string, readonly SecretVersion[]>;
  readonly readers: VersionReadersPort;
  readonly issuer: CredentialIssuer;
  readonly question: IssueRequest;
}

/**
 * Why an idle credential must not end yet, by the log, the jobs and the provider; empty when nothing speaks for its use.
 * No new reads is not no use: a job that read it may still run, and a log with a gap shows nothing.
 */
export async function reasonsToWait(asked: Asked): Promise<readonly WaitReason[]> {
  const { state, credential, patience, now, readers } = asked;
  const quietMs = Math.max(patience.graceMs, patience.consumersLifetimeMs);
  const quietSince = new Date(now.getTime() - quietMs);
  const grace = graceUntil(credential, patience, state.retiredAt);
  const since = new Date((Date.parse(credential.idleSince ?? '') || now.getTime()) - patience.consumersLifetimeMs);
  const reasons: WaitReason[] = [];
  for (const { member, version } of versionsThatMayHold(asked)) {
    const { vault, name } = placeIn(member);
    const found = await readers.readersOf({ vault, name, version }, since);
    if (found.watermark === null || found.watermark < grace)
      reasons.push({ code: 'log', subject: member, ...(found.watermark && { until: found.watermark.toISOString() }) });
    const [gap] = found.gaps;
    if (gap !== undefined) reasons.push({ code: 'gap', subject: member, until: gap, count: found.gaps.length });
    for (const job of found.running) reasons.push({ code: 'job', subject: member, who: job });
    const foreign = found.reads.filter(({ at }) => at > quietSince && !isOwn(state.ownReads, member, version, at));
    for (const { at, job, identity } of foreign.slice(0, 10))
      reasons.push({ code: 'read', subject: member, until: at.toISOString(), who: job ?? identity ?? 'unknown' });
  }
  if (reasons.length > 0) return reasons;
  const lastUsed = await lastUsedAtProvider(asked);
  return lastUsed !== null && lastUsed > quietSince ? [{ code: 'provider-use', until: lastUsed.toISOString() }] : [];
}

/** Every version that held the credential, whatever its state, and those that were disabled before anybody could look. */
function versionsThatMayHold({
  state,
  credential,
  versions,
  now,
}: Asked): readonly { member: string; version: string }[] {
  const found: { member: string; version: string }[] = [];
  for (const [member, known] of versions) {
    for (const [index, { version, enabled }] of known.entries()) {
      const holds = state.holds.get(`${member}@${version}`);
      const successor = known[index - 1];
      const isRecent = successor === undefined || now.getTime() - successor.created.getTime() < longestJobMs;
      if (holds === credential.key || (holds === undefined && !enabled && isRecent)) found.push({ member, version });
    }
  }
  return found;
}

async function lastUsedAtProvider({ state, credential, issuer, question }: Asked): Promise<Date | null> {
  const { credentialId } = credential;
  const inForce = state.credentials.get(state.desired ?? '')?.credentialId ?? null;
  // One name for both: what the provider saw used last is the one in force.
  if (credentialId === null || credentialId === inForce) return null;
  return await issuer.lastUsed(question, credentialId);
}

/** Our own reads are in the journal; they keep nobody waiting. */
function isOwn(own: readonly VaultOperation[], member: string, version: string, at: Date): boolean {
  const { vault, name } = placeIn(member);
  return own.some(
    (one) =>
      one.vault === vault &&
      one.secret === name &&
      one.version === version &&
      Math.abs(Date.parse(one.at) - at.getTime()) <= ownReadMs,
  );
}
