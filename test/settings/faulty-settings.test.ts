import { describe, expect, it } from 'vitest';
import { ServiceError } from '../../src/service-error.ts';
import type { Settings } from '../../src/settings.ts';
import { readSettings } from '../../src/settings/read-settings.ts';

const id = 'AAAAAAAA-2222-3333-4444-555555555555';
const small = {
  KEYTURN_VAULTS: 'https://kv-prod.vault.azure.net/',
  KEYTURN_IDENTITY_KIND: 'managed-identity',
  KEYTURN_DATA: '/var/lib/keyturn',
};
const read = (more: Record<string, string | undefined> = {}): Settings =>
  readSettings({ PATH: '/bin', ...small, ...more });

describe('settings with faults', () => {
  it('of the embedded cloud name this machine alone', () => {
    const embedded = {
      KEYTURN_EMBEDDED: 'on',
      KEYTURN_VAULTS: 'http://localhost:4000',
      KEYTURN_IDENTITY_ENDPOINT: 'http://127.0.0.1:4001',
      KEYTURN_LOG_WORKSPACE_ID: id,
      KEYTURN_LOG_ENDPOINT: 'https://localhost:4002',
      KEYTURN_LOG_CERTIFICATE: '/c.pem',
    };
    expect(read(embedded)).toMatchObject({
      embedded: true,
      vaults: [{ name: 'localhost', url: 'http://localhost:4000' }],
    });
    expect(faultsOf({ ...embedded, KEYTURN_VAULTS: 'https://kv-prod.vault.azure.net' })[0]).toMatch(
      /^KEYTURN_VAULTS: entry 1/,
    );
    expect(faultsOf({ ...embedded, KEYTURN_EMBEDDED: 'off' })).toHaveLength(4);
    expect(faultsOf({ ...embedded, KEYTURN_CLOUD: 'china' })).toEqual([
      'KEYTURN_CLOUD: must be public in the embedded cloud',
    ]);
  });

  it('are told all at once, without any value', () => {
    const faults = faultsOf({
      KEYTURN_VAULTS: 'https://kv-prod.vault.azure.net,https://evil.example.org,https://KV-PROD.vault.azure.net',
      KEYTURN_IDENTITY_KIND: 'developer-login',
      KEYTURN_DATA: undefined,
      KEYTURN_GITEA_URL: 'http://gitea.example.org',
      KEYTURN_ROLE: 'everything',
      KEYTURN_PORT: '99999',
      KEYTURN_GITA_TOKEN: 'gta_0123',
      KEYTURN_KILL_SWITCH: 'yes',
    });
    expect(faults.map((fault) => fault.split(':')[0])).toEqual([
      'KEYTURN_GITA_TOKEN',
      'KEYTURN_ROLE',
      'KEYTURN_VAULTS',
      'KEYTURN_VAULTS',
      'KEYTURN_IDENTITY_KIND',
      'KEYTURN_DATA',
      'KEYTURN_GITEA_URL',
      'KEYTURN_GITEA_TOKEN',
      'KEYTURN_PORT',
      'KEYTURN_KILL_SWITCH',
    ]);
    expect(faults.join()).not.toMatch(/gta_0123|evil|everything|99999/);
  });

  it.each<[string, Record<string, string | undefined>, RegExp]>([
    ['nothing at all', { KEYTURN_VAULTS: undefined }, /^KEYTURN_VAULTS: is missing/],
    ['a vault with a port', { KEYTURN_VAULTS: 'https://kv-prod.vault.azure.net:8443' }, /^KEYTURN_VAULTS: entry 1/],
    [
      'a vault that only looks like one',
      { KEYTURN_VAULTS: 'https://kv.vault.azure.net.evil.org' },
      /^KEYTURN_VAULTS: entry 1/,
    ],
    ['a vault over http', { KEYTURN_VAULTS: 'http://kv-prod.vault.azure.net' }, /^KEYTURN_VAULTS: entry 1/],
    [
      'a resource id of another vault',
      {
        KEYTURN_VAULTS: `/subscriptions/${id}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-dev=https://kv-prod.vault.azure.net`,
      },
      /^KEYTURN_VAULTS: entry 1/,
    ],
    [
      'a staging vault that is rotated',
      { KEYTURN_STAGING_VAULT: 'https://kv-prod.vault.azure.net' },
      /^KEYTURN_STAGING_VAULT: is one of/,
    ],
    [
      'a staging key in an unknown vault',
      { KEYTURN_STAGING_KEY_SECRET: 'kv-other/key' },
      /^KEYTURN_STAGING_KEY_SECRET: must be/,
    ],
    ['a token without Gitea', { KEYTURN_GITEA_TOKEN: 't' }, /^KEYTURN_GITEA_TOKEN: counts only with/],
    [
      'a reference to somebody else',
      { KEYTURN_GITEA_URL: 'https://g.example.org', KEYTURN_GITEA_TOKEN: 'https://evil.example.org/secrets/a' },
      /^KEYTURN_GITEA_TOKEN: must be the secret itself/,
    ],
    [
      'a client secret that is a reference',
      {
        KEYTURN_IDENTITY_KIND: 'client-secret',
        KEYTURN_IDENTITY_CLIENT_ID: id,
        KEYTURN_TENANT_ID: id,
        KEYTURN_IDENTITY_CLIENT_SECRET: '@Microsoft.KeyVault(SecretUri=https://kv-prod.vault.azure.net/secrets/a)',
      },
      /^KEYTURN_IDENTITY_CLIENT_SECRET: cannot be read from a vault/,
    ],
    [
      'what belongs to another identity',
      { KEYTURN_IDENTITY_TOKEN_FILE: '/t' },
      /^KEYTURN_IDENTITY_TOKEN_FILE: belongs only to/,
    ],
    [
      'an endpoint of tokens outside the embedded cloud',
      { KEYTURN_IDENTITY_ENDPOINT: 'http://127.0.0.1:1' },
      /^KEYTURN_IDENTITY_ENDPOINT: must be/,
    ],
    [
      'two places for records',
      { KEYTURN_BLOB_CONTAINER: 'https://acc.blob.core.windows.net/records' },
      /^KEYTURN_BLOB_CONTAINER: cannot be set together with/,
    ],
    [
      'a container with a signature',
      { KEYTURN_DATA: undefined, KEYTURN_BLOB_CONTAINER: 'https://acc.blob.core.windows.net/records?sig=x' },
      /^KEYTURN_BLOB_CONTAINER: must be/,
    ],
    [
      'listening to everybody without single sign-on',
      { KEYTURN_HOST: '0.0.0.0' },
      /^KEYTURN_HOST: is beyond this machine/,
    ],
    [
      "the platform's headers where no platform is",
      { KEYTURN_PLATFORM_AUTHENTICATION: 'on', KEYTURN_TENANT_ID: id },
      /^KEYTURN_PLATFORM_AUTHENTICATION: can be on only on App Service/,
    ],
    [
      "the platform's headers of any tenant",
      { KEYTURN_PLATFORM_AUTHENTICATION: 'on', WEBSITE_SITE_NAME: 'keyturn' },
      /^KEYTURN_TENANT_ID: is missing/,
    ],
    [
      'event tokens of any tenant',
      { KEYTURN_EVENT_GRID_AUDIENCE: 'api://keyturn' },
      /^KEYTURN_EVENT_GRID_TENANT: is missing/,
    ],
    ['a period that is none', { KEYTURN_REPORT_PERIODS: 'quarter,decade' }, /^KEYTURN_REPORT_PERIODS: must be/],
    [
      'an archive of the log beside a vault without a resource id',
      { KEYTURN_LOG_ARCHIVE: 'https://logs.blob.core.windows.net/insights-logs-auditevent' },
      /^KEYTURN_LOG_ARCHIVE: needs the resource id/,
    ],
    [
      "a Resource Manager that is not the cloud's",
      { KEYTURN_RESOURCE_MANAGER_ENDPOINT: 'https://management.example.org' },
      /^KEYTURN_RESOURCE_MANAGER_ENDPOINT: must be an address of this machine/,
    ],
    [
      'a certificate outside the embedded cloud',
      { KEYTURN_LOG_CERTIFICATE: '/c' },
      /^KEYTURN_LOG_CERTIFICATE: counts only in/,
    ],
    [
      'a log service on this machine',
      { KEYTURN_LOG_WORKSPACE_ID: id, KEYTURN_LOG_ENDPOINT: 'https://localhost:1' },
      /^KEYTURN_LOG_ENDPOINT: must be/,
    ],
  ])('refuse %s', (_what, more, fault) => {
    expect(faultsOf(more)).toEqual([expect.stringMatching(fault)]);
  });

  it('refuse what lies in another cloud than KEYTURN_CLOUD names', () => {
    const government = {
      KEYTURN_CLOUD: 'us-government',
      KEYTURN_VAULTS: 'https://kv-prod.vault.usgovcloudapi.net',
      KEYTURN_DATA: undefined,
      KEYTURN_BLOB_CONTAINER: 'https://acc.blob.core.usgovcloudapi.net/records',
      KEYTURN_SIGNING_KEY: 'https://kv-seal.vault.usgovcloudapi.net/keys/seal',
      KEYTURN_GITEA_URL: 'https://g.example.org',
      KEYTURN_GITEA_TOKEN: '@Microsoft.KeyVault(VaultName=kv-prod;SecretName=token)',
    };
    expect(read(government)).toMatchObject({
      cloud: { name: 'us-government' },
      gitea: { token: { vaultUrl: 'https://kv-prod.vault.usgovcloudapi.net' } },
    });
    const faults = faultsOf({ ...government, KEYTURN_CLOUD: 'china' });
    expect(faults.map((fault) => fault.split(':')[0])).toEqual([
      'KEYTURN_VAULTS',
      'KEYTURN_BLOB_CONTAINER',
      'KEYTURN_SIGNING_KEY',
    ]);
    expect(faultsOf({ KEYTURN_VAULTS: 'https://kv-prod.vault.azure.cn' })).toEqual([
      expect.stringMatching(/^KEYTURN_VAULTS: entry 1/),
    ]);
    expect(faultsOf({ KEYTURN_CLOUD: 'germany' })).toEqual([expect.stringMatching(/^KEYTURN_CLOUD: must be/)]);
  });

  it('refuse groups without a group, a scope without openid and a claim without an issuer', () => {
    const openId = {
      KEYTURN_OPENID_ISSUER: 'https://gitea.example.org',
      KEYTURN_OPENID_CLIENT_ID: 'keyturn',
      KEYTURN_OPENID_CLIENT_SECRET: 's',
      KEYTURN_PUBLIC_URL: 'https://keyturn.example.org',
    };
    // On Gitea anybody may found an organisation called Keyturn.Auditor.
    expect(faultsOf({ ...openId, KEYTURN_OPENID_PRESET: 'gitea' })).toEqual([
      expect.stringMatching(/^KEYTURN_OPENID_AUDITOR_ROLE: is missing: name the values of the claim groups/),
    ]);
    expect(faultsOf({ ...openId, KEYTURN_OPENID_SCOPE: 'profile groups' })).toEqual([
      expect.stringMatching(/^KEYTURN_OPENID_SCOPE: must be/),
    ]);
    expect(faultsOf({ KEYTURN_OPENID_CLAIM: 'groups' })).toEqual([
      expect.stringMatching(/^KEYTURN_OPENID_CLAIM: counts only with/),
    ]);
    expect(faultsOf({ ...openId, KEYTURN_OPENID_AUDITOR_ROLE: 'a,,b' })).toEqual([
      expect.stringMatching(/^KEYTURN_OPENID_AUDITOR_ROLE: must be/),
    ]);
  });

  it('refuse half of a single sign-on', () => {
    const faults = faultsOf({ KEYTURN_HOST: '0.0.0.0', KEYTURN_OPENID_ISSUER: 'https://login.example.org' });
    expect(faults.map((fault) => fault.split(':')[0])).toEqual(
      expect.arrayContaining(['KEYTURN_OPENID_CLIENT_ID', 'KEYTURN_OPENID_CLIENT_SECRET']),
    );
  });
});

function faultsOf(more: Record<string, string | undefined>): readonly string[] {
  try {
    read(more);
  } catch (error) {
    if (ServiceError.is(error, 'SETTINGS_MALFORMED')) return error.details.faults;
    throw error;
  }
  throw new Error('the settings were taken');
}
