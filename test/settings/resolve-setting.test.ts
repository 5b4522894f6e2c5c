import { describe, expect, it } from 'vitest';
import { startEmbeddedCloud } from '../../embedded/start-embedded-cloud.ts';
import { settingResolver } from '../../src/composition/resolve-setting.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { ownReads } from '../../src/audit/collection/own-read-ledger.ts';
import { readSettings } from '../../src/settings/read-settings.ts';
import { memoryRecordStore } from '../memory-record-store.ts';
import { embeddedVault } from '../azure/embedded-vault.ts';

async function world() {
  const cloud = await startEmbeddedCloud();
  const { access } = embeddedVault(cloud);
  const records = memoryRecordStore();
  const resolve = settingResolver({
    credential: access.credential,
    embedded: true,
    vaults: [access.vault],
    records,
    now: () => cloud.clock.now(),
  });
  const tokenSetting = (text: string) => {
    const { gitea } = readSettings({
      KEYTURN_EMBEDDED: 'on',
      KEYTURN_VAULTS: cloud.vault.url,
      KEYTURN_IDENTITY_KIND: 'managed-identity',
      KEYTURN_IDENTITY_ENDPOINT: cloud.identity.url,
      KEYTURN_DATA: '/data',
      KEYTURN_GITEA_URL: 'http://localhost:3000',
      KEYTURN_GITEA_TOKEN: text,
    });
    if (gitea === null) throw new Error('no token was read');
    return gitea.token;
  };
  return {
    cloud,
    records,
    resolve,
    tokenSetting,
    reference: (name: string) => `@Microsoft.KeyVault(SecretUri=${cloud.vault.url}/secrets/${name})`,
  };
}

describe('a secret among the settings', () => {
  it('is read from the vault that it refers to, anew each time, so that its own rotation is followed', async () => {
    const { cloud, resolve, tokenSetting, reference } = await world();
    const first = cloud.vault.seed({ name: 'token', value: 'one', created: new Date('2026-01-01T00:00:00Z') });
    const latest = tokenSetting(reference('token'));
    expect((await resolve(latest)).equals(new SecretValue('one'))).toBe(true);

    cloud.vault.seed({ name: 'token', value: 'two', created: new Date('2026-02-01T00:00:00Z') });
    expect((await resolve(latest)).equals(new SecretValue('two'))).toBe(true);
    expect((await resolve(tokenSetting(reference(`token/${first}`)))).equals(new SecretValue('one'))).toBe(true);
    await cloud.stop();
  });

  it('is read once a version, and on record before it is, however often it is asked for', async () => {
    const { cloud, records, resolve, tokenSetting, reference } = await world();
    cloud.auditLog.setDelay(0);
    const first = cloud.vault.seed({ name: 'token', value: 'one', created: new Date('2026-01-01T00:00:00Z') });
    const setting = tokenSetting(reference('token'));
    for (let time = 0; time < 5; time += 1) await resolve(setting);
    const second = cloud.vault.seed({ name: 'token', value: 'two', created: new Date('2026-02-01T00:00:00Z') });
    for (let time = 0; time < 5; time += 1) await resolve(setting);
    const period = { from: new Date(cloud.clock.now().getTime() - 60_000), to: cloud.clock.now() };
    const read = await ownReads(records, period);
    expect(read.map(({ version }) => version).sort()).toEqual([first, second].sort());
    expect(read).toMatchObject([0, 1].map(() => ({ vault: cloud.vault.name, secret: 'token', purpose: 'setting' })));
    await cloud.stop();
  });

  it('is what stands there, when that is no reference', async () => {
    const { cloud, resolve, tokenSetting } = await world();
    expect((await resolve(tokenSetting('gta_0123'))).equals(new SecretValue('gta_0123'))).toBe(true);
    await cloud.stop();
  });

  it('is a fault when the vault has none of that name', async () => {
    const { cloud, resolve, tokenSetting, reference } = await world();
    await expect(resolve(tokenSetting(reference('gone')))).rejects.toMatchObject({ code: 'SETTINGS_MALFORMED' });
    await cloud.stop();
  });
});
