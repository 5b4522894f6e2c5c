import { keysInFields, type TwoKeyService } from './two-key-service.ts';

const specifications = 'https://github.com/Azure/azure-rest-api-specs';

interface PlainKeys {
  readonly type: string;
  readonly apiVersion: string;
  /** The field of the list's answer by the key's name in a renewal. */
  readonly fields: Readonly<Record<string, string>>;
  /** The action that lists keys; `listKeys` if absent. */
  readonly list?: string;
  readonly action: string;
  /** The field of the renewal's body with the key's name. */
  readonly renewalField: string;
  readonly source: string;
}

const byPrimary = { Primary: 'primaryKey', Secondary: 'secondaryKey' };
const byNumber = { key1: 'key1', key2: 'key2' };
const integrationRuntime = {
  fields: { authKey1: 'authKey1', authKey2: 'authKey2' },
  list: 'listAuthKeys',
  action: 'regenerateAuthKey',
  renewalField: 'keyName',
};

const plain = {
  readOnlyKeys: false,
  keyField: null,
  connectionString: (_: unknown, { key }: { readonly key: string }) => key,
  connectionStringConfirmed: true,
} as const;

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
  row({
    type: 'microsoft.eventgrid/namespaces',
    apiVersion: '2025-02-15',
    fields: byNumber,
    action: 'regenerateKey',
    renewalField: 'keyName',
    source: `${specifications}, eventgrid 2025-02-15, Namespaces_RegenerateKey.json and Namespaces_ListSharedAccessKeys.json`,
  }),
  row({
    type: 'microsoft.fluidrelay/fluidrelayservers',
    apiVersion: '2022-06-01',
    fields: byNumber,
    action: 'regenerateKey',
    renewalField: 'keyName',
    source: `${specifications}, fluidrelay 2022-06-01, FluidRelayServers_RegenerateKeys.json and FluidRelayServers_ListKeys.json`,
  }),
  row({
    ...integrationRuntime,
    type: 'microsoft.datafactory/factories/integrationruntimes',
    apiVersion: '2018-06-01',
    source: `${specifications}, datafactory 2018-06-01, IntegrationRuntimes_RegenerateAuthKey.json and IntegrationRuntimes_ListAuthKeys.json`,
  }),
  row({
    ...integrationRuntime,
    type: 'microsoft.synapse/workspaces/integrationruntimes',
    apiVersion: '2021-06-01',
    source: `${specifications}, synapse 2021-06-01, IntegrationRuntimes_RegenerateAuthKey.json and IntegrationRuntimes_ListAuthKeys.json`,
  }),
  {
    ...plain,
    type: 'microsoft.apimanagement/service/subscriptions',
    apiVersion: '2022-08-01',
    list: 'listSecrets',
    read: (body) => keysInFields(body, byPrimary),
    // The action names the key, and is answered 204.
    renew: (slot) => ({ action: `regenerate${slot}Key` }),
    source: `${specifications}, apimanagement 2022-08-01, ApiManagementSubscriptionListSecrets.json and ApiManagementSubscriptionRegenerateSecondaryKey.json`,
  },
];

function row({ type, apiVersion, fields, list = 'listKeys', action, renewalField, source }: PlainKeys): TwoKeyService {
  return {
    ...plain,
    type,
    apiVersion,
    list,
    read: (body) => keysInFields(body, fields),
    renew: (slot) => ({ action, body: { [renewalField]: slot } }),
    source,
  };
}
