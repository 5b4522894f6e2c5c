import { createHash } from 'node:crypto';
import type { Digest, NotificationEvent } from './notification-event.ts';

/**
 * What an event is about, equal for everything that is told of the same thing until it is over: what an issue is opened for.
 * `null`: it asks nothing of a person that could be over.
 */
export function matterOf(event: NotificationEvent | Digest): string | null {
  return event.type === 'digest' ? null : matterOfOne(event);
}

function matterOfOne(event: NotificationEvent): string | null {
  switch (event.type) {
    case 'rotation.needs-attention':
    case 'rotation.awaits-approval':
    case 'rotation.awaits-go':
      return `rotation ${event.rotation} of ${event.secret}`;
    case 'secret.needs-attention':
      return `secret ${event.secret}`;
    case 'secret.ends':
    case 'secret.overdue':
      return `end of version ${event.version} of ${event.secret}`;
    case 'sealing-key.ends':
      return `end of the sealing key ${event.fingerprint}`;
    case 'rotation.prevented':
      return `prevented ${event.subject}`;
    case 'work.failed':
    case 'source.unreachable':
      return `work ${event.work}`;
    case 'value.dead':
      return `value of ${event.secret}`;
    case 'read.suspicious':
      return `finding ${event.finding}`;
    case 'log.gap':
      return 'gap in the log';
    case 'report.missed':
      return `report from ${event.from} to ${event.to}`;
    case 'access.second-key':
      return `second key of session ${event.session}`;
    // A job waits for minutes: an issue would be opened for what has passed when it is read.
    case 'access.awaits-approval':
    // It is over with the next file that has no mistakes, which the log tells.
    case 'policy.refused':
    case 'report.ready':
      return null;
    case 'matter.over':
      return event.matter;
  }
}

/** A short name of a matter, for places that people see. */
export function matterId(matter: string): string {
  return createHash('sha256').update(matter).digest('hex').slice(0, 32);
}
