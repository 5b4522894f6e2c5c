import { app } from '@azure/functions';
import { hostKeyturn } from '../src/compose.ts';

/** What is due, unfinished or to be revoked, whether an event came or not: the truth behind the hints. */
app.timer('reconcile-rotations', {
  schedule: '0 */5 * * * *',
  handler: async (_timer, context) => {
    const { what, counts } = await (await hostKeyturn()).reconcileRotations();
    context.info(`${what}: ${JSON.stringify(counts)}`);
  },
});
