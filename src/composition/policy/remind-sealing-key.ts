import { listPacks, type PackSummary } from '../../evidence/pack/pack-archive.ts';
import type { Signer } from '../../evidence/pack/signer.ts';
import type { NotificationEvent } from '../../notify/notification-event.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { trackedEnd } from '../../rotation/tracked-end.ts';
import { dayMs, formatDuration } from '../../secrets/duration.ts';
import type { Settings } from '../../settings.ts';
import { ownRemindersMs } from './own-secrets.ts';

/** A reminder that a person must replace the key that seals packs. */
export type SealingKeyEnds = Extract<NotificationEvent, { readonly type: 'sealing-key.ends' }>;

/**
 * A year, the least that NIST SP 800-57 part 1 names for a key that signs. Longer than Keyturn's other credentials: each new key is
 * one more that every auditor must be told to trust.
 */
const validityMs = 365 * dayMs;

/** The reminder of the sealing key that is due now; `null` if none is, or if this process seals nothing. */
export async function sealingKeyReminder({
  settings,
  signer,
  records,
  now,
}: {
  readonly settings: Pick<Settings, 'signingKey'>;
  readonly signer: () => Promise<Signer>;
  readonly records: RecordStore;
  readonly now: () => Date;
}): Promise<SealingKeyEnds | null> {
  if (settings.signingKey === null) return null;
  return reminderOf(await signer(), await listPacks(records), now());
}

/**
 * The key is as old as it says itself, or as the first pack that it sealed, whichever is older: a copied file is younger than its
 * key. Equal at every call until the next reminder is due.
 */
export function reminderOf(
  { fingerprint, life }: Pick<Signer, 'fingerprint' | 'life'>,
  packs: readonly Pick<PackSummary, 'fingerprint' | 'createdAt'>[],
  now: Date,
): SealingKeyEnds | null {
  const sealed = packs.filter((pack) => pack.fingerprint === fingerprint).map(({ createdAt }) => Date.parse(createdAt));
  const made = life?.madeAt?.getTime() ?? Number.POSITIVE_INFINITY;
  const since = Math.min(made, ...sealed);
  const expires = life?.endsAt ?? null;
  if (since === Number.POSITIVE_INFINITY && expires === null) return null;
  const created = new Date(Math.min(since, now.getTime()));
  const end = trackedEnd({ validityMs, remindersMs: ownRemindersMs }, { created, expires, enabled: true }, now);
  if (end === null || end.reminderMs === null) return null;
  const left = end.reminderMs === 0 ? null : formatDuration(end.reminderMs);
  return { type: 'sealing-key.ends', fingerprint, endsAt: end.endsAt.toISOString(), left };
}
