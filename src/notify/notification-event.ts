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
  /** A secret that should have been rotated and whose version ends; `left`: as of `secret.ends`. */
  z.object({ type: z.literal('secret.overdue'), secret: id, version: id, endsAt: time, left: id.nullable() }),
  /** The key that seals packs ends; `left`: as of `secret.ends`. */
  z.object({ type: z.literal('sealing-key.ends'), fingerprint: id, endsAt: time, left: id.nullable() }),
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
  /** A policy file with mistakes: the policy of digest `inForce` stays. `fault`: which mistakes, as a digest; they are in the log. */
  z.object({
    type: z.literal('policy.refused'),
    inForce: id,
    fault: id,
    faults: z.number(),
    day: z.iso.date(),
  }),
  /** Scheduled work that failed, such as `collect jobs` or `produce reports`. */
  z.object({ type: z.literal('work.failed'), work: id, code: id, day: z.iso.date() }),
  /** Scheduled work that a source outside did not answer. */
  z.object({
    type: z.literal('source.unreachable'),
    source: z.enum(['gitea', 'log', 'vault', 'identity']),
    work: id,
    code: id,
    day: z.iso.date(),
  }),
  /** The value in force does not work. */
  z.object({ type: z.literal('value.dead'), secret: id, since: time, code: id }),
  /** A finding about what happened in the log on a day. */
  z.object({ type: z.literal('read.suspicious'), rule: id, subject: id, finding: id, at: time }),
  /** Hours of the log without rows, or that could not be read; `hour`: the first. */
  z.object({ type: z.literal('log.gap'), hour: time, code: id, day: z.iso.date() }),
  /** A report that is due and was not made. */
  z.object({ type: z.literal('report.missed'), from: z.iso.date(), to: z.iso.date(), day: z.iso.date() }),
  /** A report that was sealed. `fingerprint`: of the key that sealed it; `statement`: the sha256 of what it sealed. */
  z.object({
    type: z.literal('report.ready'),
    report: id,
    period: id,
    status: z.enum(['final', 'provisional']),
    fingerprint: id,
    statement: id,
  }),
  /** Something that a person was told of and that no longer needs one. `matter`: as `matterOf` names it. */
  z.object({ type: z.literal('matter.over'), matter: z.string().max(500), about: id, since: time }),
]);

export type NotificationEvent = z.infer<typeof notificationEvent>;

/** The id of an event: equal for equal events, on every instance and after every restart. */
export function notificationId(event: NotificationEvent): string {
  const facts = Object.entries(event).sort(([a], [b]) => (a < b ? -1 : 1));
  return `msg_${createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 32)}`;
}

/** What is not urgent of a day, as one message. */
export interface Digest {
  readonly type: 'digest';
  readonly events: readonly NotificationEvent[];
}
