import { keysInFields, type TwoKeyService } from './two-key-service.ts';

const learn = 'https://learn.microsoft.com/en-us/rest/api';
const specifications = 'https://github.com/Azure/azure-rest-api-specs';

interface Rules {
  readonly type: string;
  readonly apiVersion: string;
  /** The field of the renewal's body with the key's name. */
  readonly renewalField: string;
  /** Whether a rule's connection string names the entity that the rule belongs to. */
  readonly namesEntity: boolean;
  readonly source: string;
  readonly connectionStringConfirmed: boolean;
}

const serviceBus = { apiVersion: '2021-11-01', renewalField: 'keyType', connectionStringConfirmed: true };
// The published examples of one rule disagree about EntityPath.
const hubs = { renewalField: 'policyKey', namesEntity: false, connectionStringConfirmed: false };
const relay = { apiVersion: '2024-01-01', renewalField: 'keyType', namesEntity: false };

/**
 * Rules of a Service Bus, Event Hubs, Relay or Notification Hubs namespace, and of one of its entities: the least
 * privileged form.
 */
export const sharedAccessServices: readonly TwoKeyService[] = [
  row({
    ...serviceBus,
    type: 'microsoft.servicebus/namespaces/authorizationrules',
    namesEntity: false,
    source: `${learn}/servicebus/namespaces/regeneratekeys`,
  }),
  row({
    ...serviceBus,
    type: 'microsoft.servicebus/namespaces/queues/authorizationrules',
    namesEntity: true,
    source: `${specifications}, servicebus 2021-11-01, SBQueueAuthorizationRuleRegenerateKey.json`,
  }),
  row({
    ...serviceBus,
    type: 'microsoft.servicebus/namespaces/topics/authorizationrules',
    namesEntity: true,
    source:
      'https://learn.microsoft.com/en-us/dotnet/api/azure.resourcemanager.servicebus.servicebustopicauthorizationruleresource.regeneratekeysasync',
    // The page names the same request and answer as for a queue, but has no example.
    connectionStringConfirmed: false,
  }),
  row({
    ...serviceBus,
    type: 'microsoft.eventhub/namespaces/authorizationrules',
    namesEntity: false,
    source: `${learn}/eventhub/authorization-rules-event-hubs/regenerate-keys`,
  }),
  row({
    ...serviceBus,
    type: 'microsoft.eventhub/namespaces/eventhubs/authorizationrules',
    namesEntity: true,
    source: `${specifications}, eventhub 2021-11-01, EHEventHubAuthorizationRuleRegenerateKey.json`,
  }),
  row({
    ...hubs,
    type: 'microsoft.notificationhubs/namespaces/notificationhubs/authorizationrules',
    apiVersion: '2017-04-01',
    source: `${specifications}, notificationhubs 2017-04-01, NotificationHubAuthorizationRuleRegenrateKey.json`,
  }),
  row({
    ...hubs,
    type: 'microsoft.notificationhubs/namespaces/authorizationrules',
    apiVersion: '2023-09-01',
    source: `${learn}/notificationhubs/namespaces/regenerate-keys`,
  }),
  row({
    ...relay,
    type: 'microsoft.relay/namespaces/authorizationrules',
    source: `${specifications}, relay 2024-01-01, RelayNameSpaceAuthorizationRuleRegenerateKey.json`,
    connectionStringConfirmed: true,
  }),
  row({
    ...relay,
    type: 'microsoft.relay/namespaces/hybridconnections/authorizationrules',
    source: `${specifications}, relay 2024-01-01, RelayHybridConnectionAuthorizationRuleRegenerateKey.json`,
    // Its example names no entity, unlike those of Service Bus.
    connectionStringConfirmed: false,
  }),
  row({
    ...relay,
    type: 'microsoft.relay/namespaces/wcfrelays/authorizationrules',
    source: `${specifications}, relay 2024-01-01, RelayAuthorizationRuleListKey.json, and 2021-11-01, RelayAuthorizationRuleRegenerateKey.json`,
    connectionStringConfirmed: false,
  }),
];

function row({ type, apiVersion, renewalField, namesEntity, source, connectionStringConfirmed }: Rules): TwoKeyService {
  return {
    type,
    apiVersion,
    list: 'listKeys',
    read: (body) => keysInFields(body, { PrimaryKey: 'primaryKey', SecondaryKey: 'secondaryKey' }),
    renew: (slot) => ({ action: 'regenerateKeys', body: { [renewalField]: slot } }),
    readOnlyKeys: false,
    keyField: 'SharedAccessKey',
    connectionString: ({ names: [namespace = '', ...rest] }, { key }, { serviceBusDomain }) => {
      const entity = namesEntity ? `;EntityPath=${rest[0] ?? ''}` : '';
      const endpoint = `Endpoint=sb://${namespace}.${serviceBusDomain}/`;
      return `${endpoint};SharedAccessKeyName=${rest.at(-1) ?? ''};SharedAccessKey=${key}${entity}`;
    },
    source,
    connectionStringConfirmed,
  };
}
