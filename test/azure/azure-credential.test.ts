import { azureClouds } from '../../src/secrets/azure-cloud.ts';
import { ManagedIdentityCredential } from '@azure/identity';
import { afterEach, describe, expect, it } from 'vitest';
import { startEmbeddedCloud } from '../../embedded/start-embedded-cloud.ts';
import { azureCredential } from '../../src/azure/azure-credential.ts';
import { embeddedSwitch, isLoopback } from '../../src/azure/embedded-switch.ts';
import { keyVaultSecretStore } from '../../src/azure/key-vault-secret-store.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { embeddedVault } from './embedded-vault.ts';

const metadataHost = 'AZURE_POD_IDENTITY_AUTHORITY_HOST';
afterEach(() => {
  delete process.env[metadataHost];
});

const managed = { kind: 'managed-identity', clientId: 'aaaaaaaa-2222-3333-4444-555555555555' } as const;
const tenant = { tenantId: 'aaaaaaaa-2222-3333-4444-555555555555', clientId: 'bbbbbbbb-2222-3333-4444-555555555555' };

describe('the identity of the settings', () => {
  it('is the managed identity with that client id among several, through the embedded token endpoint', async () => {
    const cloud = await startEmbeddedCloud();
    cloud.identity.define({ name: 'another', kind: 'managed-identity', address: '10.0.0.9' });
    const { principal, access } = embeddedVault(cloud);
    const identity = { kind: 'managed-identity', clientId: principal.clientId, endpoint: cloud.identity.url } as const;
    const store = keyVaultSecretStore({
      ...access,
      credential: azureCredential(identity, { embedded: true, cloud: azureClouds.public }),
    });
    const added = await store.add({
      name: 'a',
      value: new SecretValue('v'),
      expires: null,
      contentType: null,
      tags: {},
    });
    expect(await store.latest('a')).toEqual(added);
    await cloud.stop();
  });

  it('may have its own endpoint only in the embedded cloud, on this machine', () => {
    const at = (endpoint: string, embedded: boolean) => () =>
      azureCredential({ ...managed, endpoint }, { embedded, cloud: azureClouds.public });
    expect(at('http://127.0.0.1:4001', false)).toThrow(expect.objectContaining({ code: 'SETTINGS_MALFORMED' }));
    expect(at('http://169.254.169.254', true)).toThrow(expect.objectContaining({ code: 'SETTINGS_MALFORMED' }));
    expect(at('http://tokens.example.org', true)).toThrow(expect.objectContaining({ code: 'SETTINGS_MALFORMED' }));
    expect(process.env[metadataHost]).toBeUndefined();
  });

  it('ignores a host injected by the environment', () => {
    process.env[metadataHost] = 'http://evil.example.org';
    expect(() =>
      azureCredential({ ...managed, endpoint: null }, { embedded: false, cloud: azureClouds.public }),
    ).toThrow(expect.objectContaining({ code: 'SETTINGS_MALFORMED' }));
    delete process.env[metadataHost];
    expect(
      azureCredential({ ...managed, endpoint: null }, { embedded: false, cloud: azureClouds.public }),
    ).toBeInstanceOf(ManagedIdentityCredential);
  });

  it.each([
    [{ kind: 'workload-identity', ...tenant, tokenFile: '/token' } as const, 'WorkloadIdentityCredential'],
    [{ kind: 'client-secret', ...tenant, clientSecret: new SecretValue('s') } as const, 'ClientSecretCredential'],
    [{ kind: 'client-certificate', ...tenant, certificateFile: '/c.pem' } as const, 'ClientCertificateCredential'],
  ])('is exactly the named kind: $kind', (identity, name) => {
    expect(azureCredential(identity, { embedded: false, cloud: azureClouds.public }).constructor.name).toBe(name);
  });
});

describe('the embedded switch', () => {
  it('adds no option for a client of the real cloud', () => {
    expect(embeddedSwitch({ embedded: false, url: 'https://kv-prod.vault.azure.net' })).toEqual({});
    expect(embeddedSwitch({ embedded: false, url: 'http://localhost:1', certificate: 'PEM' })).toEqual({});
  });

  it('lifts protection only for an address of this machine', () => {
    expect(embeddedSwitch({ embedded: true, url: 'https://localhost:1', certificate: 'PEM' })).toEqual({
      allowInsecureConnection: true,
      disableChallengeResourceVerification: true,
      tlsOptions: { ca: 'PEM' },
    });
  });

  it.each([
    'https://kv-prod.vault.azure.net',
    'http://localhost.example.org',
    'http://127.0.0.1.example.org',
    'http://localhost@example.org',
    'http://user:word@localhost',
    'http://10.0.0.1',
    'http://0.0.0.0:1',
    'http://[::2]',
    'file://localhost/etc/passwd',
    'localhost',
    '',
  ])('refuses %j', (url) => {
    expect(isLoopback(url)).toBe(false);
    expect(() => embeddedSwitch({ embedded: true, url })).toThrow(
      expect.objectContaining({ code: 'SETTINGS_MALFORMED' }),
    );
  });

  it.each([
    'http://localhost:1',
    'http://127.0.0.1',
    'http://127.255.0.3:9',
    'https://[::1]:4',
    'http://LOCALHOST',
    'http://0x7f.1',
  ])('recognises %j as this machine', (url) => expect(isLoopback(url)).toBe(true));
});
