import { describe, expect, it } from 'vitest';
import type { Notification, Notifier } from '../../src/notify/notifier.ts';

interface ReceivedMessage {
  readonly id: string;
  readonly type: string;
  readonly text: string;
}

/** A notifier under test, with the messages its receiver got. */
export interface NotifierUnderTest {
  readonly notifier: Notifier;
  readonly received: readonly ReceivedMessage[] | (() => Promise<readonly ReceivedMessage[]>);
  /** Whether a message that is sent again arrives again; a receiver that knows it already may keep one. */
  readonly keepsOne?: true;
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
      expect(await messages(received)).toEqual([
        {
          id: 'msg_1',
          type: 'rotation.needs-attention',
          text: expect.stringContaining('kv/app needs a person') as string,
        },
      ]);
    });

    it('delivers the same id when a message is sent again', async () => {
      const { notifier, received, keepsOne } = await make();
      await notifier.send(notification);
      await notifier.send(notification);
      const ids = (await messages(received)).map(({ id }) => id);
      expect(ids).toEqual(keepsOne === true ? ['msg_1'] : ['msg_1', 'msg_1']);
    });

    it('looks whether a message could be sent, and sends none', async () => {
      const { notifier, received } = await make();
      await notifier.check();
      expect(await messages(received)).toEqual([]);
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
      await behave('accepts');
      expect(await messages(received)).toEqual([]);
      await notifier.send(notification);
      expect(await messages(received)).toHaveLength(1);
    });

    it('has a name that may be printed', async () => {
      expect((await make()).notifier.name).toMatch(/^[a-z]+( [\w.:-]+)?$/);
    });
  });
}

async function messages(received: NotifierUnderTest['received']): Promise<readonly ReceivedMessage[]> {
  return typeof received === 'function' ? await received() : received;
}
