import type { Composition } from '../composition.ts';
import { type Check, lookAt, pass, warn } from './check.ts';

/** Whether a person would be told of a rotation that waits or fails. Sends nothing. */
export async function checkNotifications({ notifier }: Pick<Composition, 'notifier'>): Promise<Check> {
  if (notifier === null) {
    return warn(
      'notifications',
      'KEYTURN_NOTIFY_WEBHOOK_URL is not set: nobody is told; the log and the portal show it',
    );
  }
  return await lookAt('notifications', async () => {
    await notifier.check();
    return pass('notifications', `messages go to the ${notifier.name}, signed`);
  });
}
