import { keysInFields, type TwoKeyService } from './two-key-service.ts';

const specifications = 'https://github.com/Azure/azure-rest-api-specs';

interface PlainKeys {
  readonly type: string;
  readonly apiVersion: string;
  /** The field of the list's answer by the key's name in a renewal. */
  readonly fields: Readonly<Record<string, string>>;
  readonly action: string;
  /** The field of the renewal's body with the key's name. */
  readonly renewalField: string;
  readonly source: string;
}

const byPrimary = { Primary: 'primaryKey', Secondary: 'secondaryKey' };
const byNumber = { key1: 'key1', key2: 'key2' };

/**
 * Services whose keys are published as they are. For some of them Azure makes connection strings too, with a domain that
 * differs by cloud and location and is not in the published examples, so Keyturn does not build one.
 */
export const plainKeyServices: readonly TwoKeyService[] = [
  row({
    type: 'microsoft.signalrservice/signalr',
    apiVersion: '2023-02-01',
    fields: byPrimary,
    action: 'regenerateKey',
    renewalField: 'keyType',
    source: `${specifications}, signalr 2023-02-01, SignalR_RegenerateKey.json, and 2018-03-01-preview, GetKeys.json`,
  }),
  row({
    type: 'microsoft.signalrservice/webpubsub',
    apiVersion: '2023-02-01',
    fields: byPrimary,
    action: 'regenerateKey',
    renewalField: 'keyType',
    source: 'https://learn.microsoft.com/en-us/javascript/api/@azure/arm-webpubsub/webpubsubkeys',
  }),
  row({
    type: 'microsoft.maps/accounts',
    apiVersion: '2023-06-01',
    fields: { primary: 'primaryKey', secondary: 'secondaryKey' },
    action: 'regenerateKey',
    renewalField: 'keyType',
    source: `${specifications}, maps 2023-06-01, RegenerateKey.json and ListKeys.json`,
  }),
  row({
    type: 'microsoft.batch/batchaccounts',
    apiVersion: '2023-11-01',
    fields: { Primary: 'primary', Secondary: 'secondary' },
    action: 'regenerateKeys',
    renewalField: 'keyName',
    source: `${specifications}, batch 2023-11-01, BatchAccountRegenerateKey.json`,
  }),
  row({
    type: 'microsoft.communication/communicationservices',
    apiVersion: '2023-03-31',
    fields: byPrimary,
    action: 'regenerateKey',
    renewalField: 'keyType',
    source: `${specifications}, communication 2023-03-31, regenerateKey.json and listKeys.json`,
  }),
  row({
    type: 'microsoft.eventgrid/topics',
    apiVersion: '2022-06-15',
    fields: byNumber,
    action: 'regenerateKey',
    renewalField: 'keyName',
    source: `${specifications}, eventgrid 2022-06-15, Topics_RegenerateKey.json`,
  }),
  row({
    type: 'microsoft.eventgrid/domains',
    apiVersion: '2022-06-15',
    fields: byNumber,
    action: 'regenerateKey',
    renewalField: 'keyName',
    source: `${specifications}, eventgrid 2022-06-15, Domains_ListSharedAccessKeys.json, and 2020-06-01, Domains_RegenerateKey.json`,
  }),
  row({
    type: 'microsoft.cache/redisenterprise/databases',
    apiVersion: '2023-11-01',
    fields: byPrimary,
    action: 'regenerateKey',
    renewalField: 'keyType',
    source: `${specifications}, redisenterprise 2023-11-01, RedisEnterpriseDatabasesListKeys.json, and 2022-01-01, RedisEnterpriseDatabasesRegenerateKey.json`,
  }),
];

function row({ type, apiVersion, fields, action, renewalField, source }: PlainKeys): TwoKeyService {
  return {
    type,
    apiVersion,
    list: 'listKeys',
    read: (body) => keysInFields(body, fields),
    renew: (slot) => ({ action, body: { [renewalField]: slot } }),
    readOnlyKeys: false,
    keyField: null,
    connectionString: (_, { key }) => key,
    source,
    connectionStringConfirmed: true,
  };
}
