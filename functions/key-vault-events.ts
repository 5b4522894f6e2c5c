import { app } from '@azure/functions';
import { inHost } from '../src/compose.ts';

/**
 * Event Grid: SecretNearExpiry, SecretExpired, SecretNewVersionCreated. An event is a hint: Keyturn records it, and the
 * vault decides. The function fails only if the journal cannot be reached, so that Event Grid delivers again.
 */
app.eventGrid('key-vault-events', {
  handler: async (event, context) => {
    await inHost(context, async (keyturn) => await keyturn.handleVaultEvent(event));
  },
});
