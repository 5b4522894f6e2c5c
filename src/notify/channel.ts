import type { NotificationEvent } from './notification-event.ts';
import type { Notifier } from './notifier.ts';
import type { Timing } from './timing.ts';

/** A way to people, with what it is for. */
export interface Channel {
  /** One word, unique: the folder of its records. */
  readonly name: string;
  readonly notifier: Notifier;
  readonly takes: (event: NotificationEvent) => boolean;
  readonly timing: Timing;
}

/** What people who read messages are told: they need no message that nothing is to do. */
export function callsPeople({ type }: NotificationEvent): boolean {
  return type !== 'matter.over';
}
