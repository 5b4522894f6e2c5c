import { parseAttemptId } from './rotation-id.ts';
import type { RotationWork } from './rotation-work.ts';
import type { SecretVersion } from './ports/secret-store.ts';
import { clockToleranceMs, latestOf, storeOf } from './vault-access.ts';

const dayMs = 86_400_000;
/** Past its grace by this much, a revocation that evidence still forbids may be approved by a person. */
const hardDeadlineMs = 30 * dayMs;

/**
 * When the new version was published, by the vault's own clock, and until when its grace lasts: ours may have been wrong then.
 * A grace that was restarted later, for a journal that was rebuilt, counts as far as it can be true.
 */
export function graceOf(
  work: RotationWork,
  created: Date,
  ending: 'old' | 'new' = 'old',
): { publishedAt: Date; graceUntil: Date } {
  const { rotation, tools } = work;
  const { graceMs } = patienceWith(work, ending);
  // The vault keeps whole seconds.
  const publishedAt = new Date(created.getTime() + 1_000);
  const latest = tools.now().getTime() + graceMs + clockToleranceMs;
  const restarted =
    rotation.graceUntil !== null && rotation.graceUntil.getTime() <= latest ? rotation.graceUntil.getTime() : 0;
  return { publishedAt, graceUntil: new Date(Math.max(publishedAt.getTime() + graceMs, restarted)) };
}

/**
 * How long readers of a value are waited for: as the rotation claimed, which is not at all in an emergency. After a roll-back it is
 * the new value that ends, which has not leaked: as the policy says.
 */
export function patienceWith(
  { rotation: { claim }, unit }: RotationWork,
  ending: 'old' | 'new',
): { readonly graceMs: number; readonly consumersLifetimeMs: number } {
  if (ending === 'old') return claim;
  return {
    graceMs: Math.max(...unit.members.map(({ graceMs }) => graceMs)),
    consumersLifetimeMs: Math.max(...unit.members.map(({ consumersLifetimeMs }) => consumersLifetimeMs)),
  };
}

/**
 * Why the old credential must not be ended yet; empty when nothing speaks for it being in use.
 * No new reads is not no use: a job that read the old value may still run, and a log with a gap shows nothing.
 * `ending`: the old credential, or after a roll-back the new one, whose grace begins with the roll-back.
 * Each reason is a code with names or times: `grace until …`, `job …`, `read …`, `gap …`.
 */
export async function reasonsToWait(
  work: RotationWork,
  { publishedAt, graceUntil }: { readonly publishedAt: Date; readonly graceUntil: Date },
  ending: 'old' | 'new' = 'old',
): Promise<readonly string[]> {
  const { tools } = work;
  const now = tools.now();
  const { graceMs, consumersLifetimeMs } = patienceWith(work, ending);
  const quietMs = Math.max(graceMs, consumersLifetimeMs);
  const quietSince = new Date(now.getTime() - quietMs);
  const reasons: string[] = [];
  if (now < graceUntil) reasons.push(`grace until ${graceUntil.toISOString()}`);
  if (now.getTime() < publishedAt.getTime() + consumersLifetimeMs)
    reasons.push(`consumers may hold it until ${later(publishedAt, consumersLifetimeMs)}`);
  // What is certain already needs no question to the log: most passes end here.
  if (reasons.length > 0) return reasons;

  const since = new Date(publishedAt.getTime() - consumersLifetimeMs);
  for (const old of await versionsToEnd(work, ending)) {
    const readers = await tools.readers.readersOf(old, since);
    const name = `${old.vault}/${old.name}`;
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
  if (reasons.length > 0) return reasons;
  const lastUsed = await lastUsedAtProvider(work, ending);
  if (lastUsed !== null && lastUsed > quietSince) reasons.push(`provider saw it used ${lastUsed.toISOString()}`);
  return reasons;
}

/**
 * Versions that readers may have the value from. Of the old one: the claimed version, and every other that is enabled and not of
 * this rotation, for somebody may have set it again. Of the new one: this rotation's, and what was set between it and the newest.
 */
async function versionsToEnd(
  { rotation, tools }: RotationWork,
  ending: 'old' | 'new',
): Promise<readonly { vault: string; name: string; version: string }[]> {
  const toEnd = [];
  for (const { vault, secret, fromVersion } of rotation.claim.members) {
    const versions = await storeOf(tools, vault).versions(secret);
    const isOurs = ({ tags }: SecretVersion) => parseAttemptId(tags['rotation-id'])?.rotationId === rotation.rotationId;
    const firstMs = Math.min(...versions.filter(isOurs).map(({ created }) => created.getTime()));
    const latest = ending === 'new' ? await latestOf(tools, { vault, secret }) : null;
    const mayHold = (one: SecretVersion) =>
      latest === null
        ? one.version === fromVersion || (one.enabled && !isOurs(one))
        : one.version !== latest.version && (isOurs(one) || (one.enabled && one.created.getTime() >= firstMs));
    for (const one of versions.filter(mayHold)) toEnd.push({ vault, name: secret, version: one.version });
  }
  return toEnd;
}

/** From when on a person may approve what the evidence does not show. An emergency has no deadline to wait for. */
export function approvableFrom(work: RotationWork, graceUntil: Date, ending: 'old' | 'new' = 'old'): Date {
  if (ending === 'old' && work.rotation.claim.emergency) return graceUntil;
  return new Date(graceUntil.getTime() + patienceWith(work, ending).consumersLifetimeMs + hardDeadlineMs);
}

async function lastUsedAtProvider(work: RotationWork, ending: 'old' | 'new'): Promise<Date | null> {
  const { fromCredentialId } = work.rotation.claim.members[0];
  const ends = ending === 'old' ? fromCredentialId : work.rotation.credentialId;
  if (ends === null || fromCredentialId === work.rotation.credentialId) return null;
  return await work.issuer.lastUsed(work.question(ending === 'old' ? 'new' : 'old'), ends);
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
