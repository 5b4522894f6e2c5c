import { app } from '@azure/functions';
import { hostKeyturn } from '../src/compose.ts';

/**
 * Event Grid: SecretNearExpiry, SecretExpired, SecretNewVersionCreated. An event is a hint: it is recorded, the vault
 * decides. Only a journal that cannot be reached makes this fail, so that Event Grid delivers again.
 */
app.eventGrid('key-vault-events', {
  handler: async (event, context) => {
    const { outcome, secret } = await (await hostKeyturn()).handleVaultEvent(event);
    // As JSON: an id with a line feed in it would write a line of its own into the log.
    context.info(`Key Vault event ${JSON.stringify(event.id)}: ${outcome}${secret === null ? '' : `, ${secret}`}`);
  },
});
