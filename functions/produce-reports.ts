import { app } from '@azure/functions';
import { inHost } from '../src/compose.ts';

/** Reports of periods that have passed and whose log has settled. */
app.timer('produce-reports', {
  schedule: '0 30 2 * * *',
  handler: async (_timer, context) => {
    await inHost(context, async (keyturn) => await keyturn.produceReports());
  },
});
