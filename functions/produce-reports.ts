import { app } from '@azure/functions';
import { hostKeyturn } from '../src/compose.ts';

/** Reports of periods that have passed and whose log has settled. */
app.timer('produce-reports', {
  schedule: '0 30 2 * * *',
  handler: async (_timer, context) => {
    const { what, counts } = await (await hostKeyturn()).produceReports();
    context.info(`${what}: ${JSON.stringify(counts)}`);
  },
});
