import { azureClouds } from '../../src/secrets/azure-cloud.ts';
import { describe, expect, it } from 'vitest';
import { usualRetention } from '../../src/retention/retention-kinds.ts';
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

describe('settings', () => {
  it('need a vault, an identity and a place for records, and nothing else', () => {
    expect(read()).toEqual({
      vaults: [{ name: 'kv-prod', url: 'https://kv-prod.vault.azure.net', resourceId: null }],
      stagingVault: null,
      gitea: null,
      log: null,
      logArchive: null,
      management: { resourceManager: null, graph: null },
      identity: { kind: 'managed-identity', clientId: null, endpoint: null },
      records: { kind: 'folder', directory: '/var/lib/keyturn' },
      policyFile: null,
      controlsFile: null,
      role: 'all',
      embedded: false,
      cloud: azureClouds.public,
      listen: { host: '127.0.0.1', port: 7071 },
      publicUrl: null,
      canarySecret: 'keyturn-canary',
      stagingKeySecret: { vault: 'kv-prod', name: 'keyturn-staging-key', version: null },
      ownSecrets: new Set(['kv-prod/keyturn-canary', 'kv-prod/keyturn-staging-key']),
      signingKey: { kind: 'file', path: '/var/lib/keyturn/=sealing-key.pem' },
      organisation: null,
      reportPeriods: ['quarter'],
      retention: usualRetention,
      openId: null,
      portalRoles: { auditor: ['Keyturn.Auditor'], operator: ['Keyturn.Operator'] },
      platformAuthentication: null,
      eventGrid: null,
      notifications: { webhook: null, slack: null, teams: null, mail: null, gitea: null, quiet: null, digestAt: null },
      timeZone: 'UTC',
      metricsPort: null,
      logging: { level: 'info', format: null },
      killSwitch: false,
    } satisfies Settings);
  });

  it('take empty variables for absent ones', () => {
    expect(read({ KEYTURN_GITEA_URL: ' ', KEYTURN_ROLE: '' })).toEqual(read());
  });

  it('know several vaults, by resource id where it is given', () => {
    const resourceId = `/subscriptions/${id}/resourceGroups/Rg.One/providers/Microsoft.KeyVault/vaults/KV-Dev`;
    const { vaults, stagingVault, stagingKeySecret } = read({
      KEYTURN_VAULTS: `https://kv-prod.vault.azure.net, ${resourceId}=https://kv-dev.vault.azure.net/`,
      KEYTURN_STAGING_VAULT: 'https://kv-staging.vault.azure.net',
      KEYTURN_STAGING_KEY_SECRET: 'kv-prod/The-Key',
    });
    expect(vaults[1]).toEqual({
      name: 'kv-dev',
      url: 'https://kv-dev.vault.azure.net',
      resourceId: resourceId.toLowerCase(),
    });
    expect(stagingVault?.name).toBe('kv-staging');
    expect(stagingKeySecret).toEqual({ vault: 'kv-prod', name: 'the-key', version: null });
  });

  it('keep the staging key in the staging vault unless told otherwise', () => {
    const { stagingKeySecret } = read({ KEYTURN_STAGING_VAULT: 'https://kv-staging.vault.azure.net' });
    expect(stagingKeySecret?.vault).toBe('kv-staging');
  });

  it.each([
    ['as it is', 'gta_0123', { kind: 'value' }],
    [
      'by its address',
      'https://kv-prod.vault.azure.net/secrets/Token/',
      { kind: 'reference', vaultUrl: 'https://kv-prod.vault.azure.net', name: 'token', version: null },
    ],
    [
      'as App Service writes it',
      `@Microsoft.KeyVault(SecretUri=https://kv-prod.vault.azure.net/secrets/token/${'0'.repeat(32)})`,
      { kind: 'reference', version: '0'.repeat(32) },
    ],
    [
      'as App Service also writes it',
      '@Microsoft.KeyVault(VaultName=kv-prod;SecretName=token)',
      { kind: 'reference', vaultUrl: 'https://kv-prod.vault.azure.net', name: 'token', version: null },
    ],
  ])('take a secret %s', (_how, text, expected) => {
    const { gitea } = read({ KEYTURN_GITEA_URL: 'https://gitea.example.org/', KEYTURN_GITEA_TOKEN: text });
    expect(gitea).toMatchObject({ url: 'https://gitea.example.org', token: expected });
    expect(JSON.stringify(gitea)).not.toContain('gta_0123');
  });

  it('know each kind of identity by what belongs to it', () => {
    const ids = { KEYTURN_IDENTITY_CLIENT_ID: id, KEYTURN_TENANT_ID: id };
    const both = { clientId: id.toLowerCase(), tenantId: id.toLowerCase() };
    expect(
      read({ ...ids, KEYTURN_IDENTITY_KIND: 'workload-identity', KEYTURN_IDENTITY_TOKEN_FILE: '/t' }).identity,
    ).toEqual({
      kind: 'workload-identity',
      ...both,
      tokenFile: '/t',
    });
    expect(
      read({ ...ids, KEYTURN_IDENTITY_KIND: 'client-secret', KEYTURN_IDENTITY_CLIENT_SECRET: 's' }).identity,
    ).toMatchObject({
      kind: 'client-secret',
      ...both,
    });
    expect(
      read({ ...ids, KEYTURN_IDENTITY_KIND: 'client-certificate', KEYTURN_IDENTITY_CERTIFICATE_FILE: '/c' }).identity,
    ).toEqual({ kind: 'client-certificate', ...both, certificateFile: '/c' });
  });

  it('know how roles are told: by Entra’s roles, by Gitea’s groups, or by a claim of the operator’s choice', () => {
    const openId = {
      KEYTURN_OPENID_ISSUER: 'https://login.example.org',
      KEYTURN_OPENID_CLIENT_ID: 'keyturn',
      KEYTURN_OPENID_CLIENT_SECRET: 's',
      KEYTURN_PUBLIC_URL: 'https://keyturn.example.org',
    };
    expect(read(openId)).toMatchObject({
      openId: { scope: 'openid profile', claim: 'roles', ignoresCase: false },
      portalRoles: { auditor: ['Keyturn.Auditor'], operator: ['Keyturn.Operator'] },
    });
    const groups = { KEYTURN_OPENID_PRESET: 'gitea', KEYTURN_OPENID_AUDITOR_ROLE: 'acme:auditors, acme:owners' };
    expect(read({ ...openId, ...groups })).toMatchObject({
      openId: { scope: 'openid profile groups', claim: 'groups', ignoresCase: true },
      portalRoles: { auditor: ['acme:auditors', 'acme:owners'], operator: [] },
    });
    const own = {
      KEYTURN_OPENID_SCOPE: 'openid  profile email',
      KEYTURN_OPENID_CLAIM: 'realm_access.roles',
      KEYTURN_OPENID_OPERATOR_ROLE: 'ops',
    };
    expect(read({ ...openId, ...own })).toMatchObject({
      openId: { scope: 'openid profile email', claim: 'realm_access.roles', ignoresCase: false },
      portalRoles: { auditor: [], operator: ['ops'] },
    });
  });

  it('give the sealing key to who attests and the staging key to who acts', () => {
    const key = { KEYTURN_SIGNING_KEY: 'https://kv-seal.vault.azure.net/keys/seal' };
    expect(read({ ...key, KEYTURN_ROLE: 'rotate' })).toMatchObject({
      signingKey: null,
      stagingKeySecret: { vault: 'kv-prod' },
    });
    expect(read({ ...key, KEYTURN_ROLE: 'report' })).toMatchObject({
      signingKey: { kind: 'key-vault', keyId: 'https://kv-seal.vault.azure.net/keys/seal' },
      stagingKeySecret: null,
    });
    const blob = { KEYTURN_DATA: undefined, KEYTURN_BLOB_CONTAINER: 'https://acc.blob.core.windows.net/records' };
    expect(read(blob).signingKey).toBeNull();
    expect(read({ KEYTURN_SIGNING_KEY: 'seal.pem' }).signingKey).toEqual({ kind: 'file', path: 'seal.pem' });
  });
});
