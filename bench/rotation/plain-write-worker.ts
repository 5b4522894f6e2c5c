import { SecretClient } from '@azure/keyvault-secrets';
import { azureCredential } from '../../src/azure/azure-credential.ts';
import { embeddedSwitch } from '../../src/azure/embedded-switch.ts';
import { readSettings } from '../../src/settings/read-settings.ts';
import { inParallel } from './in-parallel.ts';
import { measure } from './worker-messages.ts';

/** Measures a loop over Azure's client that sets every secret once: no journal, no reads. */
const count = Number(process.argv[2]);
/** The reconciler's concurrency. */
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
    // Names with their own prefix, because the vault's other secrets are counted.
    const names = Array.from({ length: count }, (_, index) => `plain-${String(index)}`);
    await inParallel(names, atATime, async (name) => {
      await client.setSecret(name, crypto.randomUUID(), { expiresOn, tags: { owner: 'bench' } });
    });
    return { counts: {}, faults: [] };
  }).then((measured) => process.send?.(measured));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
