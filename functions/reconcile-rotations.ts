import { app } from '@azure/functions';
import { inHost } from '../src/compose.ts';

/** What is due, unfinished or to be revoked, whether an event came or not: the truth behind the hints. */
app.timer('reconcile-rotations', {
  schedule: '0 */5 * * * *',
  handler: async (_timer, context) => {
    await inHost(context, async (keyturn) => await keyturn.reconcileRotations());
  },
});
