import { app } from '@azure/functions';
import { inHost } from '../src/compose.ts';

/** Gitea's jobs and the receipts in their logs, before a rerun or a clean-up hides them. */
app.timer('collect-jobs', {
  schedule: '30 */5 * * * *',
  handler: async (_timer, context) => {
    await inHost(context, async (keyturn) => await keyturn.collectJobs());
  },
});
