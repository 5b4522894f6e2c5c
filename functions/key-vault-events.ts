import { app } from '@azure/functions';
import { inHost } from '../src/compose.ts';

/**
 * Event Grid: SecretNearExpiry, SecretExpired, SecretNewVersionCreated. An event is a hint: it is recorded, the vault
 * decides. Only a journal that cannot be reached makes this fail, so that Event Grid delivers again.
 */
app.eventGrid('key-vault-events', {
  handler: async (event, context) => {
    await inHost(context, async (keyturn) => await keyturn.handleVaultEvent(event));
  },
});
