import { app } from '@azure/functions';
import { hostKeyturn } from '../src/compose.ts';

/** The hourly canary read, and the vault's log rows into hashed slices, before the workspace forgets them. */
app.timer('collect-retrievals', {
  schedule: '0 10 * * * *',
  handler: async (_timer, context) => {
    const { what, counts } = await (await hostKeyturn()).collectRetrievals();
    context.info(`${what}: ${JSON.stringify(counts)}`);
  },
});
