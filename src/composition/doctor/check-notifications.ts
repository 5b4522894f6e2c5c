import type { Composition } from '../composition.ts';
import { type Check, lookAt, pass, warn } from './check.ts';

/** Whether a person would be told of a rotation that waits or fails, a line for each channel. Sends nothing. */
export async function checkNotifications({ channels }: Pick<Composition, 'channels'>): Promise<readonly Check[]> {
  if (channels.length === 0) {
    return [
      warn('notifications', 'no KEYTURN_NOTIFY_… setting is set: nobody is told; the log and the portal show it'),
    ];
  }
  return await Promise.all(
    channels.map(
      async ({ name, notifier }) =>
        await lookAt(`notifications by ${name}`, async () => {
          await notifier.check();
          return pass(`notifications by ${name}`, `messages go to the ${notifier.name}`);
        }),
    ),
  );
}
