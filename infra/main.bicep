// Keyturn as a Functions app (Flex Consumption) beside an existing key vault and log workspace: an identity
// with least rights, a record store, the vault's diagnostic setting and its Event Grid subscription. One app does both
// halves (KEYTURN_ROLE all); deploy it twice, with roles rotate and report, to separate who acts from who attests.
// The vault, its secrets and the workspace are the operator's own and are only referred to.
targetScope = 'resourceGroup'

@description('Name of the key vault whose secrets are rotated; in this resource group.')
param vaultName string

@description('Name of the Log Analytics workspace that receives the vault\'s audit log; in this resource group.')
param workspaceName string

@description('Address of Gitea, such as https://git.example.org.')
param giteaUrl string

@description('Address of the secret with Gitea\'s token: https://VAULT.vault.azure.net/secrets/NAME. Keyturn reads it itself.')
param giteaTokenSecretUri string

@description('Key Vault key that seals packs: https://VAULT.vault.azure.net/keys/NAME. Without it no pack can be sealed.')
param signingKeyId string = ''

@description('Whether to create the Event Grid subscription. Set it only after the functions are deployed, because it names one of them.')
param subscribe bool = false

@description('Whether the identity gets the role Reader on the subscription, to report who may read the vault. Without it the report says that nobody could look.')
param lookAtAccess bool = true

param location string = resourceGroup().location
param name string = 'keyturn-${uniqueString(resourceGroup().id)}'

// What differs between Azure's clouds. Source: the deployment function environment().
var cloud = environment().name == 'AzureUSGovernment' ? 'us-government' : environment().name == 'AzureChinaCloud' ? 'china' : 'public'
var sitesDomain = cloud == 'us-government' ? 'azurewebsites.us' : cloud == 'china' ? 'chinacloudsites.cn' : 'azurewebsites.net'

var roles = {
  logAnalyticsReader: '73c42c96-874c-492b-b04d-ab87d138a893'
  storageBlobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
}

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' existing = {
  name: vaultName
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' existing = {
  name: workspaceName
}

resource rotator 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${name}-rotator'
  location: location
}

// Least rights to rotate: read, set and update secrets; never delete, purge, recover, back up or restore.
resource rotatorRole 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'keyturn-rotator')
  properties: {
    roleName: 'Keyturn rotator (${name})'
    description: 'Reads, sets and updates secrets; cannot delete, purge, recover, back up or restore them.'
    assignableScopes: [resourceGroup().id]
    permissions: [
      {
        dataActions: [
          'Microsoft.KeyVault/vaults/secrets/getSecret/action'
          'Microsoft.KeyVault/vaults/secrets/setSecret/action'
          'Microsoft.KeyVault/vaults/secrets/update/action'
          'Microsoft.KeyVault/vaults/secrets/readMetadata/action'
        ]
      }
    ]
  }
}

resource rotatorOnVault 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, rotator.id, rotatorRole.id)
  properties: {
    principalId: rotator.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: rotatorRole.id
  }
}

resource logReader 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: workspace
  name: guid(workspace.id, rotator.id, roles.logAnalyticsReader)
  properties: {
    principalId: rotator.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.logAnalyticsReader)
  }
}

// Who may read, and how the vault is set up. Whoever deploys needs the right to assign roles on the subscription.
module seeAccess 'reader.bicep' = if (lookAtAccess) {
  name: '${name}-reader'
  scope: subscription()
  params: {
    principalId: rotator.properties.principalId
    identityId: rotator.id
  }
}

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: take(toLower(replace(name, '-', '')), 24)
  location: location
  sku: { name: 'Standard_ZRS' }
  kind: 'StorageV2'
  properties: {
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    minimumTlsVersion: 'TLS1_2'
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: { isVersioningEnabled: true }

    resource records 'containers' = { name: 'records' }
    resource packages 'containers' = { name: 'packages' }
  }
}

resource recordsAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: storage
  name: guid(storage.id, rotator.id, roles.storageBlobDataContributor)
  properties: {
    principalId: rotator.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataContributor)
  }
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: name
  location: location
  kind: 'functionapp'
  sku: { tier: 'FlexConsumption', name: 'FC1' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${rotator.id}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    functionAppConfig: {
      runtime: { name: 'node', version: '24' }
      scaleAndConcurrency: { maximumInstanceCount: 40, instanceMemoryMB: 2048 }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}packages'
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: rotator.id }
        }
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      appSettings: [
        { name: 'AzureWebJobsStorage__accountName', value: storage.name }
        { name: 'AzureWebJobsStorage__credential', value: 'managedidentity' }
        { name: 'AzureWebJobsStorage__clientId', value: rotator.properties.clientId }
        { name: 'KEYTURN_CLOUD', value: cloud }
        { name: 'KEYTURN_VAULTS', value: '${vault.id}=${vault.properties.vaultUri}' }
        { name: 'KEYTURN_GITEA_URL', value: giteaUrl }
        // The plain address, no reference: what the platform reads in the rotator's name nothing could explain.
        { name: 'KEYTURN_GITEA_TOKEN', value: giteaTokenSecretUri }
        { name: 'KEYTURN_LOG_WORKSPACE_ID', value: workspace.properties.customerId }
        { name: 'KEYTURN_IDENTITY_KIND', value: 'managed-identity' }
        { name: 'KEYTURN_IDENTITY_CLIENT_ID', value: rotator.properties.clientId }
        { name: 'KEYTURN_BLOB_CONTAINER', value: '${storage.properties.primaryEndpoints.blob}records' }
        { name: 'KEYTURN_ROLE', value: 'all' }
        { name: 'KEYTURN_PUBLIC_URL', value: 'https://${name}.${sitesDomain}' }
        { name: 'KEYTURN_SIGNING_KEY', value: signingKeyId }
      ]
    }
  }
}

// Resource-specific rows (AZKVAuditLogs), not the shared table: its columns are typed and complete.
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'keyturn'
  properties: {
    workspaceId: workspace.id
    logAnalyticsDestinationType: 'Dedicated'
    logs: [{ category: 'AuditEvent', enabled: true }]
  }
}

resource topic 'Microsoft.EventGrid/systemTopics@2022-06-15' = {
  name: '${name}-vault'
  location: location
  properties: { source: vault.id, topicType: 'Microsoft.KeyVault.vaults' }

  resource subscription 'eventSubscriptions' = if (subscribe) {
    name: 'keyturn'
    properties: {
      destination: {
        endpointType: 'AzureFunction'
        properties: { resourceId: '${app.id}/functions/key-vault-events', maxEventsPerBatch: 1 }
      }
      filter: {
        includedEventTypes: [
          'Microsoft.KeyVault.SecretNearExpiry'
          'Microsoft.KeyVault.SecretExpired'
          'Microsoft.KeyVault.SecretNewVersionCreated'
        ]
      }
      eventDeliverySchema: 'EventGridSchema'
      retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 }
    }
  }
}

output portal string = 'https://${app.properties.defaultHostName}'
output rotatorObjectId string = rotator.properties.principalId
