import { dayMs, hourMs } from '../../secrets/duration.ts';
import type { PackSummary } from '../../evidence/pack/pack-archive.ts';
import type { NotificationEvent } from '../../notify/notification-event.ts';
import type { RotationHistory } from '../../rotation/history/rotation-history.ts';
import type { Reconciled } from '../../rotation/reconcile-rotations.ts';
import { type ErrorCode, ServiceError } from '../../service-error.ts';
import type { SeenOfPass } from './is-over.ts';
import type { Reminder } from './remind-people.ts';

/** A question whether to publish lapses after seven days; two days are left then. */
const reminderAfterMs = 5 * dayMs;
/** A rotation that began less long ago is under way: nobody needs to know that it is late. */
const underWayMs = hourMs;
/** A secret is due thirty days before its expiry, or a third of its validity: these are told while it is left. */
const goReminders = [7 * dayMs, 14 * dayMs, 21 * dayMs, 28 * dayMs];

/** The value in force does not work, and no step of Keyturn's repairs it. */
const deadValue: ReadonlySet<string> = new Set<ErrorCode>(['CREDENTIAL_IN_FORCE_REFUSED', 'DESIRED_VALUE_LOST']);

/** Everything that a pass has to tell, told before or not: what prevents rotations, what ends, what asks for a person. */
export function eventsOfPass(
  { failures, calls }: Pick<Reconciled, 'failures' | 'calls'>,
  { reminders, histories, now }: SeenOfPass,
): readonly NotificationEvent[] {
  // A fault that lasts is told once a day.
  const day = now.toISOString().slice(0, 10);
  const told = new Set([...failures, ...calls].map(({ subject }) => subject));
  return [
    ...failures.map(({ subject, error: { code } }) => ({ type: 'rotation.prevented' as const, subject, code, day })),
    ...reminders.filter((reminder) => !isToldAnyway(reminder, told, { histories, now })),
    ...calls.map(({ subject: secret, code, since }) => ({
      type: deadValue.has(code) ? ('value.dead' as const) : ('secret.needs-attention' as const),
      secret,
      code,
      since,
    })),
    ...histories.flatMap((history) => callsOf(history, now)),
  ];
}

/** Whether a secret that is overdue is being replaced at last, or whether people are told already of what prevents it. */
function isToldAnyway(
  { type, secret }: Reminder,
  told: ReadonlySet<string>,
  { histories, now }: Pick<SeenOfPass, 'histories' | 'now'>,
): boolean {
  if (type !== 'secret.overdue') return false;
  if (told.has(secret)) return true;
  return histories.some(
    (one) =>
      `${one.vault}/${one.secret}` === secret &&
      (one.state === 'awaiting-go' || now.getTime() - Date.parse(one.claimedAt) < underWayMs),
  );
}

/** All reports of a week, not those of one run alone: a process may die between the seal and the message. */
export function eventsOfReports(packs: readonly PackSummary[], now: Date): readonly NotificationEvent[] {
  return packs
    .filter(({ createdAt }) => now.getTime() - Date.parse(createdAt) < 7 * dayMs)
    .map(({ id: report, label: period, status, fingerprint, statementSha256: statement }) => ({
      type: 'report.ready',
      report,
      period,
      status,
      fingerprint,
      statement,
    }));
}

/** What a rotation asks of a person now. */
function callsOf(history: RotationHistory, now: Date): readonly NotificationEvent[] {
  const { vault, secret: name, rotationId: rotation, state, stateSince: since, failure, publication } = history;
  const secret = `${vault}/${name}`;
  if (state === 'needs-attention' && failure !== null && deadValue.has(failure))
    return [{ type: 'value.dead', secret, since, code: failure }];
  if (state === 'needs-attention') {
    return [{ type: 'rotation.needs-attention', secret, rotation, since, failure }];
  }
  if (state === 'awaiting-go') return goCalls({ secret, rotation, since }, history, now);
  if (state !== 'awaiting-approval') return [];
  const step = publication === 'published' ? 'revoke' : 'publish';
  const question = { type: 'rotation.awaits-approval', secret, rotation, since, step } as const;
  const isLate = now.getTime() - Date.parse(since) >= reminderAfterMs;
  return [{ ...question, reminder: false }, ...(isLate ? [{ ...question, reminder: true }] : [])];
}

/** A secret whose first rotation waits is told of once, and again when its expiry comes near. */
function goCalls(
  { secret, rotation, since }: { readonly secret: string; readonly rotation: string; readonly since: string },
  { claimedAt }: RotationHistory,
  now: Date,
): readonly NotificationEvent[] {
  const waits = { type: 'rotation.awaits-go', secret, rotation, since } as const;
  const waitedMs = now.getTime() - Date.parse(claimedAt);
  const reminders = goReminders.filter((afterMs) => waitedMs >= afterMs).length;
  return Array.from({ length: reminders + 1 }, (_, reminder) => ({ ...waits, reminder }));
}

/** Scheduled work that failed: because a source did not answer, or because of something else. A fault that lasts is told once a day. */
export function failureEvent(work: string, error: unknown, now: Date): NotificationEvent {
  const day = now.toISOString().slice(0, 10);
  if (!ServiceError.is(error)) return { type: 'work.failed', work, code: 'UNEXPECTED', day };
  const { code, layer } = error;
  const source = sources.find((one) => one === layer);
  if (source === undefined) return { type: 'work.failed', work, code, day };
  return { type: 'source.unreachable', source, work, code, day };
}

const sources = ['gitea', 'log', 'vault', 'identity'] as const;
