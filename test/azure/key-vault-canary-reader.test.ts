import { afterEach, describe, expect, it } from 'vitest';
import { startEmbeddedCloud } from '../../embedded/start-embedded-cloud.ts';
import { keyVaultCanaryReader } from '../../src/azure/canary-reader.ts';
import { embeddedVault } from './embedded-vault.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function world() {
  const cloud = await startEmbeddedCloud();
  stops.push(() => cloud.stop());
  cloud.auditLog.setDelay(0);
  cloud.vault.seed({ name: 'keyturn-canary', value: 'sings' });
  return { cloud, ...embeddedVault(cloud) };
}

describe('reading the canary', () => {
  it("returns the server's id of the read, which identifies its row in the log", async () => {
    const { cloud, access } = await world();
    const reader = keyVaultCanaryReader([access], 'keyturn-canary');
    const reads = [...(await reader.read()), ...(await reader.read())];
    const rows = cloud.auditLog.rows().filter((row) => row['OperationName'] === 'SecretGet');
    expect(reads.map(({ correlationId }) => correlationId)).toEqual(rows.map((row) => row['CorrelationId']));
    expect(reads[0]).toMatchObject({ vault: cloud.vault.name, secret: 'keyturn-canary' });
    expect(new Date(reads[0]?.at ?? '').getTime()).not.toBeNaN();
  });

  it('returns its reads although another vault is unreachable', async () => {
    const { access } = await world();
    const absent = { ...access, vault: { name: 'absent', url: 'http://127.0.0.1:9', resourceId: null } };
    expect(await keyVaultCanaryReader([absent, access], 'keyturn-canary').read()).toHaveLength(1);
  });

  it('throws the fault if no vault could be read', async () => {
    const { access } = await world();
    await expect(keyVaultCanaryReader([access], 'no-canary').read()).rejects.toMatchObject({
      code: 'VAULT_REQUEST_REFUSED',
      details: { secret: 'no-canary', status: 404, reason: 'SecretNotFound' },
    });
  });
});
