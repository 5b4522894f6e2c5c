import { describe, expect, it } from 'vitest';
import type { Notification, Notifier } from '../../src/notify/notifier.ts';

/** A notifier under test, with the messages its receiver got. */
export interface NotifierUnderTest {
  readonly notifier: Notifier;
  readonly received: readonly { readonly id: string; readonly type: string; readonly text: string }[];
  /** Makes the receiver refuse, disappear or recover. */
  readonly behave: (how: 'accepts' | 'refuses' | 'is away') => Promise<void>;
}

const event = {
  type: 'rotation.needs-attention',
  secret: 'kv/app',
  rotation: 'abc.1',
  since: '2026-03-01T00:00:00.000Z',
  failure: 'PROVIDER_REFUSED',
} as const;
const notification: Notification = { id: 'msg_1', at: new Date('2026-03-01T00:05:00Z'), event };

/** The contract of every notifier. */
export function notifierContract(name: string, make: () => Promise<NotifierUnderTest>): void {
  describe(`the notifier ${name}`, () => {
    it('delivers the id, the kind and a sentence that names the secret', async () => {
      const { notifier, received } = await make();
      await notifier.send(notification);
      expect(received).toEqual([
        {
          id: 'msg_1',
          type: 'rotation.needs-attention',
          text: expect.stringContaining('kv/app needs a person') as string,
        },
      ]);
    });

    it('delivers the same id when a message is sent again', async () => {
      const { notifier, received } = await make();
      await notifier.send(notification);
      await notifier.send(notification);
      expect(received.map(({ id }) => id)).toEqual(['msg_1', 'msg_1']);
    });

    it('distinguishes a refusing receiver from an unreachable one', async () => {
      const { notifier, received, behave } = await make();
      await behave('refuses');
      await expect(notifier.send(notification)).rejects.toMatchObject({
        code: 'NOTIFICATION_REFUSED',
        retry: 'backoff',
      });
      await behave('is away');
      await expect(notifier.send(notification)).rejects.toMatchObject({ code: 'NOTIFICATION_UNREACHABLE' });
      expect(received).toEqual([]);
      await behave('accepts');
      await notifier.send(notification);
      expect(received).toHaveLength(1);
    });

    it('has a name that may be printed', async () => {
      expect((await make()).notifier.name).toMatch(/^[a-z]+( [\w.:-]+)?$/);
    });
  });
}
