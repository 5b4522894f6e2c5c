import { callsPeople, type Channel } from '../../src/notify/channel.ts';
import { describeNotification } from '../../src/notify/describe-notification.ts';
import type { Notifier } from '../../src/notify/notifier.ts';
import { atOnce, type Timing } from '../../src/notify/timing.ts';
import { ServiceError } from '../../src/service-error.ts';
import type { NotifierUnderTest } from '../contracts/notifier.contract.ts';

interface Received {
  readonly id: string;
  readonly type: string;
  readonly text: string;
}

/** A channel that keeps what it is given, for tests of what announces. */
export function memoryNotifier(): NotifierUnderTest & { readonly tries: () => number; readonly received: Received[] } {
  const received: Received[] = [];
  let behaviour: 'accepts' | 'refuses' | 'is away' = 'accepts';
  let tries = 0;
  const notifier: Notifier = {
    name: 'memory',
    check: () => Promise.resolve(),
    send({ id, event }) {
      tries += 1;
      if (behaviour === 'refuses') {
        return Promise.reject(new ServiceError('NOTIFICATION_REFUSED', { receiver: 'memory', status: 400 }));
      }
      if (behaviour === 'is away') {
        return Promise.reject(new ServiceError('NOTIFICATION_UNREACHABLE', { receiver: 'memory', reason: 'away' }));
      }
      received.push({ id, type: event.type, text: describeNotification(event) });
      return Promise.resolve();
    },
  };
  return {
    notifier,
    received,
    tries: () => tries,
    behave: (how) => {
      behaviour = how;
      return Promise.resolve();
    },
  };
}

/** A channel as people read it. */
export function channelOf(notifier: Notifier, timing: Timing = atOnce): Channel {
  return { name: 'memory', notifier, takes: callsPeople, timing };
}
