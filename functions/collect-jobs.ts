import { app } from '@azure/functions';
import { inHost } from '../src/compose.ts';

/** Collects Gitea's jobs and the receipts in their logs, before a re-run or a clean-up hides them. */
app.timer('collect-jobs', {
  schedule: '30 */5 * * * *',
  handler: async (_timer, context) => {
    await inHost(context, async (keyturn) => await keyturn.collectJobs());
  },
});
