import { describe, expect, it } from 'vitest';
import { providerCredentialIn } from '../../src/secrets/made-by-provider.ts';

describe('the name or content type of a secret', () => {
  it.each([
    ['github-pat-3', 'a personal access token'],
    ['payments-connection-string', 'a connection string'],
    ['ServiceBusConnectionString', 'a connection string'],
    ['shop-client-secret', 'a client secret'],
    ['AccountKey', 'a key of a storage account or another Azure service'],
    ['blob_storage_key', 'a key of a storage account or another Azure service'],
    ['upload-sas', 'a key of a storage account or another Azure service'],
    ['ci-service-account-json', 'a service account key'],
    ['aws-secret-access-key', 'an access token'],
    ['slack-alerts-token', 'a credential of a vendor'],
    ['npm-token', 'a credential of a vendor'],
    ['application/x-pkcs12', 'a certificate'],
    ['StorageAccountKey', 'a key of a storage account or another Azure service'],
  ])('%s tells of %s', (name, kind) => {
    expect(providerCredentialIn(name)).toBe(kind);
  });

  it.each([
    'database-password',
    'payments-api-key',
    'session-key',
    'compatibility-key',
    'path-key',
    'tokens',
    'webhook-secret',
    'text/plain',
    'application/json',
    'mirror-deploy-key',
    'ghost-writer-key',
  ])('%s tells of none', (name) => {
    expect(providerCredentialIn(name)).toBeNull();
  });
});
