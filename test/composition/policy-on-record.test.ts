import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liveSecret } from '../../examples/story/fixtures.ts';
import { policiesOn } from '../../src/audit/collection/policy-ledger.ts';
import { composeKeyturn } from '../../src/compose.ts';
import { callCommand } from '../commands/call-command.ts';
import { type EmbeddedSettings, embeddedSettings } from '../functions/embedded-settings.ts';

let service: EmbeddedSettings;
beforeAll(async () => {
  service = await embeddedSettings();
});
afterAll(async () => await service.stop());

/** The settings of a process of the role `rotate` with records of its own. */
function rotator(folder: string): Readonly<Record<string, string>> {
  return { ...service.environment, KEYTURN_ROLE: 'rotate', KEYTURN_DATA: join(service.directory, folder) };
}

describe('the process that rotates, while another one reports', () => {
  it('keeps the policy that its pass acted by', async () => {
    const { keyturn, records } = await composeKeyturn(rotator('pass'));
    expect(await policiesOn(records)).toEqual([]);
    await keyturn.reconcileRotations();
    expect((await policiesOn(records)).map(({ text }) => text.includes(liveSecret))).toEqual([true]);
  });

  it('keeps the policy that an event was judged by', async () => {
    const { keyturn, records, settings } = await composeKeyturn(rotator('event'));
    const [vault] = settings.vaults;
    await keyturn.handleVaultEvent({
      id: 'e1',
      eventType: 'Microsoft.KeyVault.SecretNearExpiry',
      subject: liveSecret,
      data: { VaultName: vault?.name, ObjectType: 'Secret', ObjectName: liveSecret, Version: '' },
    });
    expect(await policiesOn(records)).toHaveLength(1);
  });

  it('keeps the policy that a command acted by, and not that of a plan', async () => {
    const environment = rotator('command');
    await callCommand(['reconcile', '--plan'], { environment });
    const { records } = await composeKeyturn(environment);
    expect(await policiesOn(records)).toEqual([]);
    await callCommand(['rotate', liveSecret, '--reason', 'a test'], { environment });
    expect(await policiesOn(records)).toHaveLength(1);
  });
});
