import type { Digest, NotificationEvent } from './notification-event.ts';

/** One message to a person. */
export interface Notification {
  /** The same for one event on every try and every instance, so that a receiver can drop what it has seen. */
  readonly id: string;
  readonly at: Date;
  readonly event: NotificationEvent | Digest;
}

/** The one port of all channels to people. */
export interface Notifier {
  /** Where messages go, as it may be printed: `webhook hooks.example.org`. */
  readonly name: string;
  /**
   * Sends one message. Resolves when the receiver has accepted it; it may arrive more than once, always with the same id.
   * @throws ServiceError `NOTIFICATION_REFUSED` when the receiver said no, `NOTIFICATION_UNREACHABLE` when it cannot be
   * known whether the message arrived, `NOTIFICATION_SECRET_UNUSABLE` and `NOTIFICATION_ADDRESS_UNUSABLE` before anything
   * is sent.
   */
  send(notification: Notification): Promise<void>;
  /** Looks whether a message could be made, and sends none. @throws ServiceError as `send` does. */
  readonly check: () => Promise<void>;
}
