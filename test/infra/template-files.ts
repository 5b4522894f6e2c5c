import { type SettingName, settingTable } from '../../src/settings/setting-table.ts';

/** What an app on Functions cannot use: it belongs to the embedded cloud, to a server of one's own, or to other identities. */
export const notOnFunctions: Readonly<Partial<Record<SettingName, string>>> = {
  KEYTURN_LOG_CERTIFICATE: 'embedded cloud',
  KEYTURN_RESOURCE_MANAGER_ENDPOINT: 'embedded cloud',
  KEYTURN_GRAPH_ENDPOINT: 'embedded cloud',
  KEYTURN_IDENTITY_ENDPOINT: 'embedded cloud',
  KEYTURN_EMBEDDED: 'embedded cloud',
  KEYTURN_IDENTITY_TOKEN_FILE: 'the app has a managed identity',
  KEYTURN_IDENTITY_CLIENT_SECRET: 'the app has a managed identity',
  KEYTURN_IDENTITY_CERTIFICATE_FILE: 'the app has a managed identity',
  KEYTURN_IDENTITY_KIND: 'the template sets it for each app',
  KEYTURN_IDENTITY_CLIENT_ID: 'the template sets it for each app',
  KEYTURN_ROLE: 'the template sets it for each app',
  KEYTURN_DATA: 'an instance has no disk of its own',
  KEYTURN_METRICS_PORT: 'an instance has no port of its own',
  KEYTURN_HOST: 'the host of Functions listens',
  KEYTURN_PORT: 'the host of Functions listens',
  KEYTURN_EVENT_GRID_AUDIENCE: 'Event Grid calls the function',
  KEYTURN_EVENT_GRID_TENANT: 'Event Grid calls the function',
};

export const settingsOnFunctions = Object.keys(settingTable).filter(
  (name) => !Object.hasOwn(notOnFunctions, name),
) as readonly SettingName[];

/** infra/settings.bicep, from the table that the settings are read by. */
export function settingsType(): string {
  const lines = settingsOnFunctions.map((name) => {
    const { says, otherwise } = settingTable[name];
    const text = `${says} Not given: ${otherwise ?? 'none'}.`.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
    return `  @description('${text}')\n  ${name}: string?\n`;
  });
  return `// Every setting that an app on Functions can have, from the table that Keyturn reads them by. Written by
// \`vitest run test/infra -u\`.
@export()
type Settings = {
${lines.join('\n')}}
`;
}

/** The parameters of main.bicep, and the variable of the azd environment that each comes from, with what counts without it. */
export const environmentVariables: Readonly<Record<string, string>> = {
  vaultName: 'AZURE_KEY_VAULT',
  workspaceName: 'AZURE_LOG_WORKSPACE',
  location: 'AZURE_LOCATION',
  name: 'INFRA_NAME=keyturn-${AZURE_ENV_NAME}',
  separateApps: 'INFRA_SEPARATE_APPS=false',
  withBroker: 'INFRA_BROKER_APP=false',
  brokerSecrets: 'INFRA_BROKER_SECRETS=',
  settingSecrets: 'INFRA_SETTING_SECRETS=keyturn-gitea-token',
  canarySecretName: 'KEYTURN_CANARY_SECRET=keyturn-canary',
  sealingKeyName: 'INFRA_SEALING_KEY_NAME=keyturn-seal',
  authenticationClientId: 'INFRA_AUTHENTICATION_CLIENT_ID=',
  alertEmail: 'INFRA_ALERT_EMAIL=',
  createDiagnosticSetting: 'INFRA_CREATE_DIAGNOSTIC_SETTING=true',
  existingTopicName: 'INFRA_EXISTING_TOPIC=',
  lookAtAccess: 'INFRA_LOOK_AT_ACCESS=true',
  packDays: 'INFRA_PACK_DAYS=2557',
  softDeleteDays: 'INFRA_SOFT_DELETE_DAYS=30',
  privateNetwork: 'INFRA_PRIVATE_NETWORK=false',
  storageSku: 'INFRA_STORAGE_SKU=Standard_ZRS',
};

/** infra/main.parameters.json, in which azd replaces variables of its environment. */
export function parametersFile(): string {
  const settings = Object.fromEntries(settingsOnFunctions.map((name) => [name, `\${${name}=}`]));
  const parameters = Object.fromEntries(
    Object.entries(environmentVariables).map(([name, variable]) => [name, { value: `\${${variable}}` }]),
  );
  const file = {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#',
    contentVersion: '1.0.0.0',
    parameters: { ...parameters, settings: { value: settings } },
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}
