import { jsonProperties } from '../../gitea/json-properties.ts';
import type { AzureCloud } from '../../secrets/azure-cloud.ts';
import type { ArmResource } from './arm-resource.ts';

/** One of a resource's two keys. */
export interface ServiceKey {
  /** Its name in the renewal request. */
  readonly slot: string;
  readonly key: string;
  /** When it was created, if the service states it. */
  readonly madeAt: Date | null;
}

export interface TwoKeyService {
  /** The resource's type, lower-case. */
  readonly type: string;
  readonly apiVersion: string;
  /** The action that lists keys. */
  readonly list: string;
  /** Returns the two keys from the list's answer, with full or read-only access; `null` if they are missing. */
  read(body: unknown, access: KeyAccess): readonly [ServiceKey, ServiceKey] | null;
  /** The action that renews one key, and its body. */
  renew(slot: string): { readonly action: string; readonly body?: Readonly<Record<string, string>> };
  readonly readOnlyKeys: boolean;
  /** The part of a connection string with the key: `AccountKey`. `null`: the service has no connection string. */
  readonly keyField: string | null;
  connectionString(resource: ArmResource, key: Pick<ServiceKey, 'slot' | 'key'>, cloud: AzureCloud): string;
  /** The published source of the list, the renewal and their shapes, read in November 2026. */
  readonly source: string;
  /** Whether the connection string's form also comes from published examples. */
  readonly connectionStringConfirmed: boolean;
}

type KeyAccess = 'full' | 'read-only';

const learn = 'https://learn.microsoft.com/en-us/rest/api';

/** The differences between services with two keys, one row per service. */
export const twoKeyServices: readonly TwoKeyService[] = [
  {
    type: 'microsoft.storage/storageaccounts',
    apiVersion: '2023-01-01',
    list: 'listKeys',
    read: (body) => named(body, 'keys', 'keyName', 'creationTime', ['key1', 'key2']),
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
        ? fields(body, { primary: 'primaryMasterKey', secondary: 'secondaryMasterKey' })
        : fields(body, {
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
  sharedAccess('microsoft.servicebus/namespaces/authorizationrules', `${learn}/servicebus/namespaces/regeneratekeys`),
  sharedAccess(
    'microsoft.eventhub/namespaces/authorizationrules',
    `${learn}/eventhub/authorization-rules-event-hubs/regenerate-keys`,
  ),
  {
    type: 'microsoft.cache/redis',
    apiVersion: '2023-08-01',
    list: 'listKeys',
    read: (body) => fields(body, { Primary: 'primaryKey', Secondary: 'secondaryKey' }),
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
    read: (body) => fields(body, { Key1: 'key1', Key2: 'key2' }),
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
    read: (body) => fields(body, { primary: 'primaryKey', secondary: 'secondaryKey' }),
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
      return named(body, 'value', 'name', 'lastModified', [`Primary${suffix}`, `Secondary${suffix}`], 'id');
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
    read: (body) => named(body, 'passwords', 'name', null, ['password', 'password2']),
    renew: (slot) => ({ action: 'regenerateCredential', body: { name: slot } }),
    readOnlyKeys: false,
    keyField: null,
    connectionString: (_, { key }) => key,
    source: 'https://github.com/Azure/azure-rest-api-specs-examples, containerregistry, RegistryRegenerateCredential',
    connectionStringConfirmed: true,
  },
];

/** Service Bus and Event Hubs: one rule of a namespace, or of one of its entities. */
function sharedAccess(type: string, source: string): TwoKeyService {
  return {
    type,
    apiVersion: '2021-11-01',
    list: 'listKeys',
    read: (body) => fields(body, { PrimaryKey: 'primaryKey', SecondaryKey: 'secondaryKey' }),
    renew: (slot) => ({ action: 'regenerateKeys', body: { keyType: slot } }),
    readOnlyKeys: false,
    keyField: 'SharedAccessKey',
    connectionString: ({ names: [namespace = '', rule = ''] }, { key }, { serviceBusDomain }) =>
      `Endpoint=sb://${namespace}.${serviceBusDomain}/;SharedAccessKeyName=${rule};SharedAccessKey=${key}`,
    source,
    connectionStringConfirmed: true,
  };
}

/** Reads keys that are fields of the answer, by slot. */
function fields(body: unknown, places: Readonly<Record<string, string>>): readonly [ServiceKey, ServiceKey] | null {
  const answer = jsonProperties(body);
  return pair(Object.entries(places).map(([slot, place]) => ({ slot, key: answer.get(place), madeAt: null })));
}

/** Reads keys from a list by name; `slotField` if they are renewed by something other than the name. */
function named(
  body: unknown,
  list: string,
  nameField: string,
  timeField: string | null,
  names: readonly string[],
  slotField = nameField,
): readonly [ServiceKey, ServiceKey] | null {
  const entries = jsonProperties(body).get(list);
  const keys = (Array.isArray(entries) ? entries : []).map(jsonProperties);
  return pair(
    names.map((name) => {
      const key = keys.find((one) => one.get(nameField) === name);
      const madeAt = timeField === null ? undefined : key?.get(timeField);
      const slot = key?.get(slotField);
      return {
        slot: typeof slot === 'string' ? slot : '',
        key: key?.get('value'),
        madeAt: typeof madeAt === 'string' ? new Date(madeAt) : null,
      };
    }),
  );
}

function pair(
  found: readonly { slot: string; key: unknown; madeAt: Date | null }[],
): readonly [ServiceKey, ServiceKey] | null {
  const keys = found.flatMap(({ slot, key, madeAt }) =>
    typeof key === 'string' && key !== '' && slot !== '' ? [{ slot, key, madeAt }] : [],
  );
  const [one, other] = keys;
  return one === undefined || other === undefined ? null : [one, other];
}
