import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Keys {
  readonly one: string;
  readonly two: string;
}

/** One service's protocol, written by hand from its published examples, independent of the product's table. */
interface ServiceWords {
  readonly resource: string;
  readonly apiVersion: string;
  readonly list: string;
  answer(keys: Keys, madeAt: (slot: keyof Keys) => string): unknown;
  /**
   * The key that an action renews, from its path after the resource and its body; `null` if the service has no such
   * action.
   */
  renews(action: string, body: Readonly<Record<string, unknown>>): keyof Keys | null;
  /** Renews after several list requests, like Cosmos DB. */
  readonly slow?: boolean;
  /** Answers a renewal with 204. */
  readonly silent?: boolean;
}

const group = '/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/shop/providers';
const which = (value: unknown, one: string, two: string): keyof Keys | null =>
  value === one ? 'one' : value === two ? 'two' : null;

export const serviceWords = {
  storage: {
    resource: `${group}/Microsoft.Storage/storageAccounts/shopfiles`,
    apiVersion: '2023-01-01',
    list: 'listKeys',
    answer: ({ one, two }, madeAt) => ({
      keys: [
        { keyName: 'key1', permissions: 'FULL', value: one, creationTime: madeAt('one') },
        { keyName: 'key2', permissions: 'FULL', value: two, creationTime: madeAt('two') },
      ],
    }),
    renews: (action, body) => (action === 'regenerateKey' ? which(body['keyName'], 'key1', 'key2') : null),
  },
  cosmos: {
    resource: `${group}/Microsoft.DocumentDB/databaseAccounts/shop-orders`,
    apiVersion: '2023-11-15',
    list: 'listKeys',
    slow: true,
    answer: ({ one, two }) => ({
      primaryMasterKey: one,
      secondaryMasterKey: two,
      primaryReadonlyMasterKey: 'read-only-1',
      secondaryReadonlyMasterKey: 'read-only-2',
    }),
    renews: (action, body) => (action === 'regenerateKey' ? which(body['keyKind'], 'primary', 'secondary') : null),
  },
  serviceBus: {
    resource: `${group}/Microsoft.ServiceBus/namespaces/shop-bus/authorizationRules/send`,
    apiVersion: '2021-11-01',
    list: 'listKeys',
    answer: ({ one, two }) => ({
      primaryConnectionString: `Endpoint=sb://shop-bus.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=${one}`,
      secondaryConnectionString: `Endpoint=sb://shop-bus.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=${two}`,
      primaryKey: one,
      secondaryKey: two,
      keyName: 'send',
    }),
    renews: (action, body) =>
      action === 'regenerateKeys' ? which(body['keyType'], 'PrimaryKey', 'SecondaryKey') : null,
  },
  redis: {
    resource: `${group}/Microsoft.Cache/Redis/shop-cache`,
    apiVersion: '2023-08-01',
    list: 'listKeys',
    answer: ({ one, two }) => ({ primaryKey: one, secondaryKey: two }),
    renews: (action, body) => (action === 'regenerateKey' ? which(body['keyType'], 'Primary', 'Secondary') : null),
  },
  cognitive: {
    resource: `${group}/Microsoft.CognitiveServices/accounts/shop-words`,
    apiVersion: '2023-05-01',
    list: 'listKeys',
    answer: ({ one, two }) => ({ key1: one, key2: two }),
    renews: (action, body) => (action === 'regenerateKey' ? which(body['keyName'], 'Key1', 'Key2') : null),
  },
  search: {
    resource: `${group}/Microsoft.Search/searchServices/shop-search`,
    apiVersion: '2023-11-01',
    list: 'listAdminKeys',
    answer: ({ one, two }) => ({ primaryKey: one, secondaryKey: two }),
    renews: (action) => which(action, 'regenerateAdminKey/primary', 'regenerateAdminKey/secondary'),
  },
  configuration: {
    resource: `${group}/Microsoft.AppConfiguration/configurationStores/shop-settings`,
    apiVersion: '2023-03-01',
    list: 'listKeys',
    answer: ({ one, two }, madeAt) => ({
      value: [
        { id: '439AD01B4BE67DB1', name: 'Primary', value: one, lastModified: madeAt('one'), readOnly: false },
        { id: 'CB45E100456857B9', name: 'Secondary', value: two, lastModified: madeAt('two'), readOnly: false },
        { id: 'B3AC55B7E71431A9', name: 'Primary Read Only', value: 'r1', lastModified: madeAt('one'), readOnly: true },
        {
          id: 'E2AF6A9A89DCC177',
          name: 'Secondary Read Only',
          value: 'r2',
          lastModified: madeAt('two'),
          readOnly: true,
        },
      ],
    }),
    renews: (action, body) =>
      action === 'regenerateKey' ? which(body['id'], '439AD01B4BE67DB1', 'CB45E100456857B9') : null,
  },
  registry: {
    resource: `${group}/Microsoft.ContainerRegistry/registries/shopimages`,
    apiVersion: '2023-07-01',
    list: 'listCredentials',
    answer: ({ one, two }) => ({
      username: 'shopimages',
      passwords: [
        { name: 'password', value: one },
        { name: 'password2', value: two },
      ],
    }),
    renews: (action, body) => (action === 'regenerateCredential' ? which(body['name'], 'password', 'password2') : null),
  },
  serviceBusQueue: {
    resource: `${group}/Microsoft.ServiceBus/namespaces/shop-bus/queues/orders/authorizationRules/send`,
    apiVersion: '2021-11-01',
    list: 'listKeys',
    answer: ({ one, two }) => ({
      primaryConnectionString: `Endpoint=sb://shop-bus.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=${one};EntityPath=orders`,
      secondaryConnectionString: `Endpoint=sb://shop-bus.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=${two};EntityPath=orders`,
      primaryKey: one,
      secondaryKey: two,
      keyName: 'send',
    }),
    renews: (action, body) =>
      action === 'regenerateKeys' ? which(body['keyType'], 'PrimaryKey', 'SecondaryKey') : null,
  },
  eventHub: {
    resource: `${group}/Microsoft.EventHub/namespaces/shop-stream/eventhubs/clicks/authorizationRules/read`,
    apiVersion: '2021-11-01',
    list: 'listKeys',
    answer: ({ one, two }) => ({
      primaryConnectionString: `Endpoint=sb://shop-stream.servicebus.windows.net/;SharedAccessKeyName=read;SharedAccessKey=${one};EntityPath=clicks`,
      secondaryConnectionString: `Endpoint=sb://shop-stream.servicebus.windows.net/;SharedAccessKeyName=read;SharedAccessKey=${two};EntityPath=clicks`,
      primaryKey: one,
      secondaryKey: two,
      keyName: 'read',
    }),
    renews: (action, body) =>
      action === 'regenerateKeys' ? which(body['keyType'], 'PrimaryKey', 'SecondaryKey') : null,
  },
  notificationHub: {
    resource: `${group}/Microsoft.NotificationHubs/namespaces/shop-push/notificationHubs/phones/authorizationRules/send`,
    apiVersion: '2017-04-01',
    list: 'listKeys',
    answer: ({ one, two }) => ({ primaryKey: one, secondaryKey: two, keyName: 'send' }),
    renews: (action, body) =>
      action === 'regenerateKeys' ? which(body['policyKey'], 'PrimaryKey', 'SecondaryKey') : null,
  },
  signalR: {
    resource: `${group}/Microsoft.SignalRService/signalR/shop-live`,
    apiVersion: '2023-02-01',
    list: 'listKeys',
    // Its renewal is answered 202.
    slow: true,
    answer: ({ one, two }) => ({ primaryKey: one, secondaryKey: two }),
    renews: (action, body) => (action === 'regenerateKey' ? which(body['keyType'], 'Primary', 'Secondary') : null),
  },
  webPubSub: {
    resource: `${group}/Microsoft.SignalRService/webPubSub/shop-chat`,
    apiVersion: '2023-02-01',
    list: 'listKeys',
    slow: true,
    answer: ({ one, two }) => ({ primaryKey: one, secondaryKey: two }),
    renews: (action, body) => (action === 'regenerateKey' ? which(body['keyType'], 'Primary', 'Secondary') : null),
  },
  maps: {
    resource: `${group}/Microsoft.Maps/accounts/shop-maps`,
    apiVersion: '2023-06-01',
    list: 'listKeys',
    answer: ({ one, two }) => ({ id: 'shop-maps', primaryKey: one, secondaryKey: two }),
    renews: (action, body) => (action === 'regenerateKey' ? which(body['keyType'], 'primary', 'secondary') : null),
  },
  batch: {
    resource: `${group}/Microsoft.Batch/batchAccounts/shopbatch`,
    apiVersion: '2023-11-01',
    list: 'listKeys',
    answer: ({ one, two }) => ({ accountName: 'shopbatch', primary: one, secondary: two }),
    renews: (action, body) => (action === 'regenerateKeys' ? which(body['keyName'], 'Primary', 'Secondary') : null),
  },
  communication: {
    resource: `${group}/Microsoft.Communication/communicationServices/shop-mail`,
    apiVersion: '2023-03-31',
    list: 'listKeys',
    answer: ({ one, two }) => ({ primaryKey: one, secondaryKey: two }),
    renews: (action, body) => (action === 'regenerateKey' ? which(body['keyType'], 'Primary', 'Secondary') : null),
  },
  eventGrid: {
    resource: `${group}/Microsoft.EventGrid/topics/shop-events`,
    apiVersion: '2022-06-15',
    list: 'listKeys',
    answer: ({ one, two }) => ({ key1: one, key2: two }),
    renews: (action, body) => (action === 'regenerateKey' ? which(body['keyName'], 'key1', 'key2') : null),
  },
  redisEnterprise: {
    resource: `${group}/Microsoft.Cache/redisEnterprise/shop-cache/databases/default`,
    apiVersion: '2023-11-01',
    list: 'listKeys',
    slow: true,
    answer: ({ one, two }) => ({ primaryKey: one, secondaryKey: two }),
    renews: (action, body) => (action === 'regenerateKey' ? which(body['keyType'], 'Primary', 'Secondary') : null),
  },
  serviceBusTopic: {
    resource: `${group}/Microsoft.ServiceBus/namespaces/shop-bus/topics/orders/authorizationRules/send`,
    apiVersion: '2021-11-01',
    list: 'listKeys',
    answer: ({ one, two }) => ({ primaryKey: one, secondaryKey: two, keyName: 'send' }),
    renews: (action, body) =>
      action === 'regenerateKeys' ? which(body['keyType'], 'PrimaryKey', 'SecondaryKey') : null,
  },
  eventHubNamespace: {
    resource: `${group}/Microsoft.EventHub/namespaces/shop-stream/authorizationRules/read`,
    apiVersion: '2021-11-01',
    list: 'listKeys',
    answer: ({ one, two }) => ({
      primaryConnectionString: `Endpoint=sb://shop-stream.servicebus.windows.net/;SharedAccessKeyName=read;SharedAccessKey=${one}`,
      secondaryConnectionString: `Endpoint=sb://shop-stream.servicebus.windows.net/;SharedAccessKeyName=read;SharedAccessKey=${two}`,
      primaryKey: one,
      secondaryKey: two,
      keyName: 'read',
    }),
    renews: (action, body) =>
      action === 'regenerateKeys' ? which(body['keyType'], 'PrimaryKey', 'SecondaryKey') : null,
  },
  notificationNamespace: {
    resource: `${group}/Microsoft.NotificationHubs/namespaces/shop-push/authorizationRules/send`,
    apiVersion: '2023-09-01',
    list: 'listKeys',
    answer: ({ one, two }) => ({ primaryKey: one, secondaryKey: two, keyName: 'send' }),
    renews: (action, body) =>
      action === 'regenerateKeys' ? which(body['policyKey'], 'PrimaryKey', 'SecondaryKey') : null,
  },
  relay: {
    resource: `${group}/Microsoft.Relay/namespaces/shop-relay/authorizationRules/listen`,
    apiVersion: '2024-01-01',
    list: 'listKeys',
    answer: ({ one, two }) => ({
      primaryConnectionString: `Endpoint=sb://shop-relay.servicebus.windows.net/;SharedAccessKeyName=listen;SharedAccessKey=${one}`,
      secondaryConnectionString: `Endpoint=sb://shop-relay.servicebus.windows.net/;SharedAccessKeyName=listen;SharedAccessKey=${two}`,
      primaryKey: one,
      secondaryKey: two,
      keyName: 'listen',
    }),
    renews: (action, body) =>
      action === 'regenerateKeys' ? which(body['keyType'], 'PrimaryKey', 'SecondaryKey') : null,
  },
  relayHybridConnection: {
    resource: `${group}/Microsoft.Relay/namespaces/shop-relay/hybridConnections/till/authorizationRules/listen`,
    apiVersion: '2024-01-01',
    list: 'listKeys',
    answer: ({ one, two }) => ({ primaryKey: one, secondaryKey: two, keyName: 'listen' }),
    renews: (action, body) =>
      action === 'regenerateKeys' ? which(body['keyType'], 'PrimaryKey', 'SecondaryKey') : null,
  },
  relayWcf: {
    resource: `${group}/Microsoft.Relay/namespaces/shop-relay/wcfRelays/till/authorizationRules/listen`,
    apiVersion: '2024-01-01',
    list: 'listKeys',
    answer: ({ one, two }) => ({ primaryKey: one, secondaryKey: two, keyName: 'listen' }),
    renews: (action, body) =>
      action === 'regenerateKeys' ? which(body['keyType'], 'PrimaryKey', 'SecondaryKey') : null,
  },
  eventGridDomain: {
    resource: `${group}/Microsoft.EventGrid/domains/shop-domain`,
    apiVersion: '2022-06-15',
    list: 'listKeys',
    answer: ({ one, two }) => ({ key1: one, key2: two }),
    renews: (action, body) => (action === 'regenerateKey' ? which(body['keyName'], 'key1', 'key2') : null),
  },
  eventGridNamespace: {
    resource: `${group}/Microsoft.EventGrid/namespaces/shop-mqtt`,
    apiVersion: '2025-02-15',
    list: 'listKeys',
    slow: true,
    answer: ({ one, two }) => ({ key1: one, key2: two }),
    renews: (action, body) => (action === 'regenerateKey' ? which(body['keyName'], 'key1', 'key2') : null),
  },
  fluidRelay: {
    resource: `${group}/Microsoft.FluidRelay/fluidRelayServers/shop-notes`,
    apiVersion: '2022-06-01',
    list: 'listKeys',
    answer: ({ one, two }) => ({ key1: one, key2: two }),
    renews: (action, body) => (action === 'regenerateKey' ? which(body['keyName'], 'key1', 'key2') : null),
  },
  dataFactory: {
    resource: `${group}/Microsoft.DataFactory/factories/shop-data/integrationRuntimes/cellar`,
    apiVersion: '2018-06-01',
    list: 'listAuthKeys',
    answer: ({ one, two }) => ({ authKey1: one, authKey2: two }),
    renews: (action, body) => (action === 'regenerateAuthKey' ? which(body['keyName'], 'authKey1', 'authKey2') : null),
  },
  synapse: {
    resource: `${group}/Microsoft.Synapse/workspaces/shop-reports/integrationRuntimes/cellar`,
    apiVersion: '2021-06-01',
    list: 'listAuthKeys',
    answer: ({ one, two }) => ({ authKey1: one, authKey2: two }),
    renews: (action, body) => (action === 'regenerateAuthKey' ? which(body['keyName'], 'authKey1', 'authKey2') : null),
  },
  apiManagement: {
    resource: `${group}/Microsoft.ApiManagement/service/shop-api/subscriptions/partner`,
    apiVersion: '2022-08-01',
    list: 'listSecrets',
    silent: true,
    answer: ({ one, two }) => ({ primaryKey: one, secondaryKey: two }),
    renews: (action) => which(action, 'regeneratePrimaryKey', 'regenerateSecondaryKey'),
  },
} satisfies Record<string, ServiceWords>;

/** Azure Resource Manager on loopback, for the two keys of one resource. */
export async function fakeArm(words: ServiceWords, token: string) {
  const newKey = () => randomBytes(24).toString('base64');
  const keys = { one: newKey(), two: newKey() };
  const long = '2025-12-01T00:00:00Z';
  const made = { one: long, two: long };
  let pending: { slot: keyof Keys; lists: number } | null = null;
  let renewals = 0;
  let now = () => new Date('2026-03-01T00:00:00Z');
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '', 'http://arm');
      const reply = (status: number, body: unknown) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      };
      const fault = (status: number, code: string) => reply(status, { error: { code, message: `about ${keys.one}` } });
      if (request.headers.authorization !== `Bearer ${token}`) return fault(401, 'InvalidAuthenticationToken');
      if (request.method !== 'POST') return fault(405, 'MethodNotAllowed');
      if (url.searchParams.get('api-version') !== words.apiVersion) return fault(400, 'NoRegisteredProviderFound');
      if (!url.pathname.startsWith(`${words.resource}/`)) return fault(404, 'ResourceNotFound');
      const action = url.pathname.slice(words.resource.length + 1);
      if (action === words.list) {
        if (pending !== null && pending.lists-- <= 0) {
          keys[pending.slot] = newKey();
          pending = null;
        }
        return reply(
          200,
          words.answer(keys, (slot) => made[slot]),
        );
      }
      const slot = words.renews(
        action,
        JSON.parse(Buffer.concat(chunks).toString() || '{}') as Record<string, unknown>,
      );
      if (slot === null) return fault(400, 'InvalidAction');
      renewals += 1;
      made[slot] = now().toISOString();
      if (words.slow === true) {
        pending = { slot, lists: 0 };
        return response.writeHead(202, { location: 'http://arm/operations/1' }).end();
      }
      keys[slot] = newKey();
      if (words.silent === true) return response.writeHead(204).end();
      return reply(
        200,
        words.answer(keys, (one) => made[one]),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    keys: (): Keys => ({ ...keys }),
    renewals: () => renewals,
    setNow: (clock: () => Date) => {
      now = clock;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
