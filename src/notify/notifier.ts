import { createHash } from 'node:crypto';
import { z } from 'zod';

const id = z.string().max(200);
const time = z.iso.datetime();

/** What Keyturn tells a person of. Names, ids, codes and times alone: never a value, never text that came from outside. */
export const notificationEvent = z.discriminatedUnion('type', [
  /** A rotation that trying again does not help. */
  z.object({
    type: z.literal('rotation.needs-attention'),
    secret: id,
    rotation: id,
    since: time,
    failure: id.nullable(),
  }),
  /** A secret about which something is wrong while no rotation of it is: one that left the policy, or whose value somebody set. */
  z.object({ type: z.literal('secret.needs-attention'), secret: id, since: time, code: id }),
  /** A secret that no issuer replaces and whose version ends; `left`: which reminder it is, `null` once it has ended. */
  z.object({
    type: z.literal('secret.ends'),
    secret: id,
    version: id,
    owner: id.nullable(),
    endsAt: time,
    left: id.nullable(),
  }),
  /** A rotation that waits for a second person; `reminder`: it has waited for five days. */
  z.object({
    type: z.literal('rotation.awaits-approval'),
    secret: id,
    rotation: id,
    since: time,
    step: z.enum(['publish', 'revoke']),
    reminder: z.boolean(),
  }),
  /** A secret's first rotation, which waits for a go; `reminder`: how often it was told before. */
  z.object({ type: z.literal('rotation.awaits-go'), secret: id, rotation: id, since: time, reminder: z.number() }),
  /** What prevents rotations: of a secret, of a tag on it, or of a whole vault. */
  z.object({ type: z.literal('rotation.prevented'), subject: id, code: id, day: z.iso.date() }),
  /** A job that waits until a person approves that it gets a secret. */
  z.object({ type: z.literal('access.awaits-approval'), grant: id, secret: id, repository: id, since: time }),
  /** A second key was shown to the broker for a running job. */
  z.object({ type: z.literal('access.second-key'), session: id, repository: id, since: time }),
  /** Scheduled work that failed, such as `collect jobs` or `produce reports`. */
  z.object({ type: z.literal('work.failed'), work: id, code: id, day: z.iso.date() }),
]);

export type NotificationEvent = z.infer<typeof notificationEvent>;

/** One message to a person. */
export interface Notification {
  /** The same for one event on every try and every instance, so that a receiver can drop what it has seen. */
  readonly id: string;
  readonly at: Date;
  readonly event: NotificationEvent;
}

/** The one port of all channels to people. */
export interface Notifier {
  /** Where messages go, as it may be printed: `webhook hooks.example.org`. */
  readonly name: string;
  /**
   * Sends one message. Resolves when the receiver has accepted it; it may arrive more than once, always with the same id.
   * @throws ServiceError `NOTIFICATION_REFUSED` when the receiver said no, `NOTIFICATION_UNREACHABLE` when it cannot be
   * known whether the message arrived, `NOTIFICATION_SECRET_UNUSABLE` before anything is sent.
   */
  send(notification: Notification): Promise<void>;
  /** Looks whether a message could be made, and sends none. @throws ServiceError `NOTIFICATION_SECRET_UNUSABLE`. */
  readonly check: () => Promise<void>;
}

/** The id of an event: equal for equal events, on every instance and after every restart. */
export function notificationId(event: NotificationEvent): string {
  const facts = Object.entries(event).sort(([a], [b]) => (a < b ? -1 : 1));
  return `msg_${createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 32)}`;
}

/** One sentence for a person, which says what to do. */
export function describeNotification(event: NotificationEvent): string {
  switch (event.type) {
    case 'rotation.needs-attention': {
      const why = event.failure === null ? '' : ` Its last failure is ${event.failure}.`;
      return `The rotation of ${event.secret} needs a person.${why} Correct the cause and ask for the rotation again.`;
    }
    case 'secret.needs-attention':
      return `${event.secret} needs a person: ${event.code}. Correct the cause; Keyturn looks again by itself.`;
    case 'secret.ends': {
      const owner = event.owner === null ? '' : ` (${event.owner})`;
      const when = `${event.left === null ? 'ended' : 'ends'} on ${event.endsAt.slice(0, 10)}`;
      return `${event.secret}${owner} ${when}, and no issuer replaces it. Make a new one at its provider and set it in the vault.`;
    }
    case 'rotation.awaits-approval': {
      const what = event.step === 'publish' ? 'publish the new value' : 'revoke the old credential';
      const lapses = event.step === 'publish' ? ' The question lapses seven days after it was asked.' : '';
      const soon = event.reminder ? ` It has waited for five days.${lapses}` : '';
      return `The rotation of ${event.secret} waits for a second person to approve that it may ${what}.${soon}`;
    }
    case 'rotation.awaits-go': {
      const again = event.reminder === 0 ? '' : ' Its expiry comes nearer.';
      return `The first rotation of ${event.secret} waits for a go.${again} Give it on the page of rotations, or run keyturn rotate ${event.secret} --go.`;
    }
    case 'rotation.prevented':
      return `Something prevents the rotation of ${event.subject}: ${event.code}. Run keyturn doctor to see what to do.`;
    case 'access.awaits-approval':
      return `A job of ${event.repository} waits for a person to approve that it gets ${event.secret}. Neither the author of the commit nor the one who started the run can.`;
    case 'access.second-key':
      return `A second key was shown to the broker for a running job of ${event.repository}, and its session has ended. The next report lists what it was given; find out who has the job's token, and replace what was given.`;
    case 'work.failed':
      return `Keyturn could not ${event.work}: ${event.code}. It tries again; run keyturn doctor to see what to do.`;
  }
}
