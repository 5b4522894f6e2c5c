import { SecretClient } from '@azure/keyvault-secrets';
import { azureCredential } from '../../src/azure/azure-credential.ts';
import { embeddedSwitch } from '../../src/azure/embedded-switch.ts';
import { readSettings } from '../../src/settings/read-settings.ts';
import { inParallel } from '../../src/rotation/in-parallel.ts';
import { measure } from './worker-messages.ts';

/** What a loop over Azure's client costs that sets every secret once: no journal, no read, no second thought. */
const count = Number(process.argv[2]);
/** As many as the reconciler works on at a time. */
const atATime = 8;

const settings = readSettings(process.env);
const [vault] = settings.vaults;
if (vault === undefined) throw new Error('no vault');
const client = new SecretClient(vault.url, azureCredential(settings.identity, settings), {
  ...embeddedSwitch({ embedded: true, url: vault.url }),
});
const expiresOn = new Date(Date.now() + 90 * 86_400_000);

process.on('message', () => {
  void measure(async () => {
    // Names with a start of their own: the vault's other secrets are being counted.
    const names = Array.from({ length: count }, (_, index) => `plain-${String(index)}`);
    await inParallel(names, atATime, async (name) => {
      await client.setSecret(name, crypto.randomUUID(), { expiresOn, tags: { owner: 'bench' } });
    });
    return { counts: {}, faults: [] };
  }).then((measured) => process.send?.(measured));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
