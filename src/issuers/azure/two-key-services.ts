import { plainKeyServices } from './plain-key-services.ts';
import { sharedAccessServices } from './shared-access-services.ts';
import { keysByName, keysInFields, type TwoKeyService } from './two-key-service.ts';

const learn = 'https://learn.microsoft.com/en-us/rest/api';

/** The differences between services with two keys, one row per service. */
export const twoKeyServices: readonly TwoKeyService[] = [
  {
    type: 'microsoft.storage/storageaccounts',
    apiVersion: '2023-01-01',
    list: 'listKeys',
    read: (body) => keysByName(body, 'keys', 'keyName', 'creationTime', ['key1', 'key2']),
    renew: (slot) => ({ action: 'regenerateKey', body: { keyName: slot } }),
    readOnlyKeys: false,
    keyField: 'AccountKey',
    connectionString: ({ names: [account = ''] }, { key }, { storageDomain }) =>
      `DefaultEndpointsProtocol=https;AccountName=${account};AccountKey=${key};EndpointSuffix=${storageDomain}`,
    source: 'https://github.com/Azure/azure-rest-api-specs, storage 2023-01-01, StorageAccountRegenerateKey.json',
    connectionStringConfirmed: false,
  },
  {
    type: 'microsoft.documentdb/databaseaccounts',
    apiVersion: '2023-11-15',
    list: 'listKeys',
    read: (body, access) =>
      access === 'full'
        ? keysInFields(body, { primary: 'primaryMasterKey', secondary: 'secondaryMasterKey' })
        : keysInFields(body, {
            primaryReadonly: 'primaryReadonlyMasterKey',
            secondaryReadonly: 'secondaryReadonlyMasterKey',
          }),
    renew: (slot) => ({ action: 'regenerateKey', body: { keyKind: slot } }),
    readOnlyKeys: true,
    keyField: 'AccountKey',
    connectionString: ({ names: [account = ''] }, { key }, { cosmosDomain }) =>
      `AccountEndpoint=https://${account}.${cosmosDomain}:443/;AccountKey=${key};`,
    source: `${learn}/cosmos-db-resource-provider/database-accounts/regenerate-key`,
    connectionStringConfirmed: false,
  },
  ...sharedAccessServices,
  ...plainKeyServices,
  {
    type: 'microsoft.cache/redis',
    apiVersion: '2023-08-01',
    list: 'listKeys',
    read: (body) => keysInFields(body, { Primary: 'primaryKey', Secondary: 'secondaryKey' }),
    renew: (slot) => ({ action: 'regenerateKey', body: { keyType: slot } }),
    readOnlyKeys: false,
    keyField: 'password',
    connectionString: ({ names: [cache = ''] }, { key }, { redisDomain }) =>
      `${cache}.${redisDomain}:6380,password=${key},ssl=True,abortConnect=False`,
    source: `${learn}/redis/redis/regenerate-key`,
    connectionStringConfirmed: false,
  },
  {
    type: 'microsoft.cognitiveservices/accounts',
    apiVersion: '2023-05-01',
    list: 'listKeys',
    read: (body) => keysInFields(body, { Key1: 'key1', Key2: 'key2' }),
    renew: (slot) => ({ action: 'regenerateKey', body: { keyName: slot } }),
    readOnlyKeys: false,
    keyField: null,
    connectionString: (_, { key }) => key,
    source: `${learn}/aiservices/accountmanagement/accounts/regenerate-key`,
    connectionStringConfirmed: true,
  },
  {
    type: 'microsoft.search/searchservices',
    apiVersion: '2023-11-01',
    list: 'listAdminKeys',
    read: (body) => keysInFields(body, { primary: 'primaryKey', secondary: 'secondaryKey' }),
    renew: (slot) => ({ action: `regenerateAdminKey/${slot}` }),
    readOnlyKeys: false,
    keyField: null,
    connectionString: (_, { key }) => key,
    source: `${learn}/searchmanagement/admin-keys/regenerate`,
    connectionStringConfirmed: true,
  },
  {
    type: 'microsoft.appconfiguration/configurationstores',
    apiVersion: '2023-03-01',
    list: 'listKeys',
    read: (body, access) => {
      const suffix = access === 'full' ? '' : ' Read Only';
      // The key is renewed by its id, which its connection string also contains; the name identifies one of the four
      // keys.
      return keysByName(body, 'value', 'name', 'lastModified', [`Primary${suffix}`, `Secondary${suffix}`], 'id');
    },
    renew: (slot) => ({ action: 'regenerateKey', body: { id: slot } }),
    readOnlyKeys: true,
    keyField: 'Secret',
    connectionString: ({ names: [store = ''] }, { slot, key }, { appConfigurationDomain }) =>
      `Endpoint=https://${store}.${appConfigurationDomain};Id=${slot};Secret=${key}`,
    source:
      'https://github.com/Azure/azure-rest-api-specs, appconfiguration 2023-03-01, ConfigurationStoresRegenerateKey.json',
    connectionStringConfirmed: false,
  },
  {
    type: 'microsoft.containerregistry/registries',
    apiVersion: '2023-07-01',
    list: 'listCredentials',
    read: (body) => keysByName(body, 'passwords', 'name', null, ['password', 'password2']),
    renew: (slot) => ({ action: 'regenerateCredential', body: { name: slot } }),
    readOnlyKeys: false,
    keyField: null,
    connectionString: (_, { key }) => key,
    source: 'https://github.com/Azure/azure-rest-api-specs-examples, containerregistry, RegistryRegenerateCredential',
    connectionStringConfirmed: true,
  },
];
