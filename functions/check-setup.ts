import { app } from '@azure/functions';
import { inHost } from '../src/compose.ts';

/** Looks at the setup as `keyturn doctor` does, under the app's own identity; infra/hooks/postprovision.sh calls it too. */
app.timer('check-setup', {
  schedule: '0 0 4 * * *',
  handler: async (_timer, context) => {
    await inHost(context, async (keyturn) => await keyturn.checkSetup());
  },
});
