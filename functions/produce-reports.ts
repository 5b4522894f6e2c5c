import { app } from '@azure/functions';
import { inHost } from '../src/compose.ts';

/** Produces reports for periods that are over and whose log is complete. */
app.timer('produce-reports', {
  schedule: '0 30 2 * * *',
  handler: async (_timer, context) => {
    await inHost(context, async (keyturn) => await keyturn.produceReports());
  },
});
