import { app } from '@azure/functions';
import { inHost } from '../src/compose.ts';

/**
 * Continues what is due, unfinished or to be revoked, whether or not an event arrived. Events are hints; this pass is
 * authoritative.
 */
app.timer('reconcile-rotations', {
  schedule: '0 */5 * * * *',
  handler: async (_timer, context) => {
    await inHost(context, async (keyturn) => await keyturn.reconcileRotations());
  },
});
