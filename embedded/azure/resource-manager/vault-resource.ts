import { azureIds } from '../azure-ids.ts';
import type { EmbeddedKeyVault } from '../vault/key-vault.ts';

/** A vault as Resource Manager shows it. */
export function vaultResource({ name, url, resourceId, configuration }: EmbeddedKeyVault): object {
  const { accessPolicies, defaultAction, bypass, ipRules, diagnosticSettings: _, ...same } = configuration;
  return {
    id: resourceId,
    name,
    type: 'Microsoft.KeyVault/vaults',
    location: 'westeurope',
    tags: {},
    properties: {
      ...same,
      sku: { family: 'A', name: 'standard' },
      tenantId: azureIds.tenant,
      accessPolicies: accessPolicies.map(({ objectId, secrets }) => ({
        tenantId: azureIds.tenant,
        objectId,
        permissions: { secrets, keys: [], certificates: [], storage: [] },
      })),
      networkAcls: { bypass, defaultAction, ipRules: ipRules.map((value) => ({ value })), virtualNetworkRules: [] },
      enabledForDeployment: false,
      enabledForDiskEncryption: false,
      enabledForTemplateDeployment: false,
      vaultUri: url,
      provisioningState: 'Succeeded',
    },
  };
}

/** A vault of the subscription that no server here answers for. */
export function otherVaultResource(name: string): object {
  return {
    id: azureIds.vault(name),
    name,
    type: 'Microsoft.KeyVault/vaults',
    location: 'westeurope',
    tags: {},
    properties: { tenantId: azureIds.tenant, vaultUri: `https://${name}.vault.azure.net/`, accessPolicies: [] },
  };
}

/** What sends the vault's log where. */
export function diagnosticSettings({ resourceId, configuration }: EmbeddedKeyVault): readonly object[] {
  return configuration.diagnosticSettings.map(({ name, workspaceId, storageAccountId, enabled }) => ({
    id: `${resourceId}/providers/microsoft.insights/diagnosticSettings/${name}`,
    type: 'Microsoft.Insights/diagnosticSettings',
    name,
    properties: {
      storageAccountId,
      workspaceId,
      eventHubAuthorizationRuleId: null,
      eventHubName: null,
      logs: [{ category: 'AuditEvent', categoryGroup: null, enabled, retentionPolicy: { enabled: false, days: 0 } }],
      metrics: [],
      logAnalyticsDestinationType: 'Dedicated',
    },
  }));
}

/** `ServiceApiHit` by hour, for the hours of the asked timespan. */
export function requestMetric(vault: EmbeddedKeyVault, timespan: string): object {
  const [from = '', to = ''] = timespan.split('/');
  const counts = vault.requestsByHour();
  const data: { timeStamp: string; count: number }[] = [];
  for (let at = Date.parse(from); at < Date.parse(to); at += 3_600_000) {
    const timeStamp = `${new Date(at).toISOString().slice(0, 13)}:00:00Z`;
    data.push({ timeStamp, count: counts.get(timeStamp) ?? 0 });
  }
  return {
    cost: 0,
    timespan,
    interval: 'PT1H',
    namespace: 'Microsoft.KeyVault/vaults',
    resourceregion: 'westeurope',
    value: [
      {
        id: `${vault.resourceId}/providers/Microsoft.Insights/metrics/ServiceApiHit`,
        type: 'Microsoft.Insights/metrics',
        name: { value: 'ServiceApiHit', localizedValue: 'Total Service Api Hits' },
        unit: 'Count',
        timeseries: [{ metadatavalues: [], data }],
        errorCode: 'Success',
      },
    ],
  };
}
