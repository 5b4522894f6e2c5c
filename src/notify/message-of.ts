import { describeNotification } from './describe-notification.ts';
import type { Digest, NotificationEvent } from './notification-event.ts';
import type { Notification } from './notifier.ts';

/** A notification as people read it, for channels that carry text. */
export interface Message {
  /** One line, without the details: the subject of a mail, the title of an issue. */
  readonly title: string;
  /** Sentences; the first says what happened. */
  readonly says: string;
  /** Where a person can act; `null`: no address leads to the portal. */
  readonly link: string | null;
}

/** `portal`: the address by which people reach it, without a trailing slash. */
export function messageOf({ event }: Pick<Notification, 'event'>, portal: string | null): Message {
  const says = describeNotification(event);
  const end = says.search(/[.:](?: |$)/);
  return {
    title: `Keyturn: ${end < 0 ? says : says.slice(0, end)}`,
    says,
    link: portal === null ? null : `${portal}${pathOf(event)}`,
  };
}

/** Where the portal shows what an event is about. */
function pathOf(event: NotificationEvent | Digest): string {
  if (event.type === 'report.ready') return `/reports/${encodeURIComponent(event.report)}`;
  return pages[event.type] ?? '/rotations';
}

/** Other pages than that of rotations. */
const pages: { readonly [Type in NotificationEvent['type'] | 'digest']?: string } = {
  'access.awaits-approval': '/access',
  'report.missed': '/',
  'sealing-key.ends': '/',
  'read.suspicious': '/',
  'log.gap': '/',
};
