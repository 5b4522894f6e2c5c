import { describeNotification, type Notifier } from '../../src/notify/notifier.ts';
import { ServiceError } from '../../src/service-error.ts';
import type { NotifierUnderTest } from '../contracts/notifier.contract.ts';

/** A channel that keeps what it is given, for tests of what announces. */
export function memoryNotifier(): NotifierUnderTest & { readonly tries: () => number } {
  const received: { id: string; type: string; text: string }[] = [];
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
