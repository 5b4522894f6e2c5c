import { app } from '@azure/functions';
import { inHost } from '../src/compose.ts';

/** The hourly canary read, and the vault's log rows into hashed slices, before the workspace forgets them. */
app.timer('collect-retrievals', {
  schedule: '0 10 * * * *',
  handler: async (_timer, context) => {
    await inHost(context, async (keyturn) => await keyturn.collectRetrievals());
  },
});
