export type AzureCloudName = 'public' | 'us-government' | 'china';

/** Where one of Azure's clouds has its services, and for whom tokens are. Addresses are without a trailing slash. */
export interface AzureCloud {
  readonly name: AzureCloudName;
  /** Entra: tokens and the keys that they are signed with. */
  readonly authority: string;
  /** Host of issuers of tokens of version 1: `https://HOST/TENANT/`. */
  readonly firstTokenHost: string;
  readonly resourceManager: string;
  readonly graph: string;
  /** Vaults are `https://NAME.` and this; their tokens are for `https://` and this. */
  readonly vaultDomain: string;
  /** The query API of Log Analytics; its tokens are for the same address. */
  readonly logAnalytics: string;
  /** Storage accounts are `NAME.blob.` and this. */
  readonly storageDomain: string;
  readonly redisDomain: string;
  readonly serviceBusDomain: string;
  readonly cosmosDomain: string;
  readonly appConfigurationDomain: string;
  /** A container registry's login server is `NAME.` and this. */
  readonly registryDomain: string;
  /** Application id of Microsoft.EventGrid. */
  readonly eventGridApplication: string;
}

/**
 * Azure's clouds. Sources: the Azure SDK's AzureAuthorityHosts and KnownMonitorLogsQueryAudience; Key Vault and Storage, DNS
 * suffixes by cloud; Microsoft Graph, national cloud deployments; Event Grid, "Secure webhook delivery with Microsoft Entra
 * ID", which names two applications, China's not: it is taken to be the public cloud's.
 */
export const azureClouds: Readonly<Record<AzureCloudName, AzureCloud>> = {
  public: {
    name: 'public',
    authority: 'https://login.microsoftonline.com',
    firstTokenHost: 'sts.windows.net',
    resourceManager: 'https://management.azure.com',
    graph: 'https://graph.microsoft.com',
    vaultDomain: 'vault.azure.net',
    logAnalytics: 'https://api.loganalytics.io',
    storageDomain: 'core.windows.net',
    redisDomain: 'redis.cache.windows.net',
    serviceBusDomain: 'servicebus.windows.net',
    cosmosDomain: 'documents.azure.com',
    appConfigurationDomain: 'azconfig.io',
    registryDomain: 'azurecr.io',
    eventGridApplication: '4962773b-9cdb-44cf-a8bf-237846a00ab7',
  },
  'us-government': {
    name: 'us-government',
    authority: 'https://login.microsoftonline.us',
    // The same host as in the public cloud, with tenants of this one.
    firstTokenHost: 'sts.windows.net',
    resourceManager: 'https://management.usgovcloudapi.net',
    graph: 'https://graph.microsoft.us',
    vaultDomain: 'vault.usgovcloudapi.net',
    logAnalytics: 'https://api.loganalytics.us',
    storageDomain: 'core.usgovcloudapi.net',
    redisDomain: 'redis.cache.usgovcloudapi.net',
    serviceBusDomain: 'servicebus.usgovcloudapi.net',
    cosmosDomain: 'documents.azure.us',
    appConfigurationDomain: 'azconfig.azure.us',
    registryDomain: 'azurecr.us',
    eventGridApplication: '54316b56-3481-47f9-8f30-0300f5542a7b',
  },
  china: {
    name: 'china',
    authority: 'https://login.partner.microsoftonline.cn',
    firstTokenHost: 'sts.chinacloudapi.cn',
    resourceManager: 'https://management.chinacloudapi.cn',
    graph: 'https://microsoftgraph.chinacloudapi.cn',
    vaultDomain: 'vault.azure.cn',
    logAnalytics: 'https://api.loganalytics.azure.cn',
    storageDomain: 'core.chinacloudapi.cn',
    redisDomain: 'redis.cache.chinacloudapi.cn',
    serviceBusDomain: 'servicebus.chinacloudapi.cn',
    cosmosDomain: 'documents.azure.cn',
    appConfigurationDomain: 'azconfig.azure.cn',
    registryDomain: 'azurecr.cn',
    eventGridApplication: '4962773b-9cdb-44cf-a8bf-237846a00ab7',
  },
};

export const azureCloudNames: readonly AzureCloudName[] = ['public', 'us-government', 'china'];

/** The issuers that a tenant's tokens name, of version 2 and of version 1. */
export function tokenIssuers({ authority, firstTokenHost }: AzureCloud, tenantId: string): readonly [string, string] {
  return [`${authority}/${tenantId}/v2.0`, `https://${firstTokenHost}/${tenantId}/`];
}
