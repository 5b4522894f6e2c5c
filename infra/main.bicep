// Keyturn as Functions apps (Flex Consumption) beside an existing key vault and log workspace, for `azd up`.
// One app does all the work, or with `separateApps` the rotator and the reporter are two apps with two identities over one
// record store, so that who acts does not attest. The vault, its secrets and the workspace are the operator's own: the
// template refers to them, and makes only the sealing key in the vault. The secrets are made by infra/hooks/preprovision.sh.
targetScope = 'resourceGroup'

import { Settings } from 'settings.bicep'

@description('Name of the key vault whose secrets are rotated; in this resource group. It must use Azure RBAC.')
param vaultName string

@description('Name of the Log Analytics workspace that receives the audit log of the vault; in this resource group.')
param workspaceName string

@description('Any setting of docs/settings.md, by its name. What is empty counts as not given; what the template sets itself can be replaced here, but for role and identity.')
@secure()
param settings Settings = {}

@description('Whether rotator and reporter are two apps with an identity each. One app for both is for small teams, and the report says so.')
param separateApps bool = false

@description('Whether to add an app of its own that gives secrets to jobs (docs/governed-access.md).')
param withBroker bool = false

@description('Names of the secrets that the broker may read, separated by commas. Its identity gets a role on each, and none on the vault.')
param brokerSecrets string = ''

@description('Names of the secrets that settings refer to by their address, separated by commas, such as the token of Gitea: the reporter must read them.')
param settingSecrets string = 'keyturn-gitea-token'

@description('Name of the canary secret in the vault.')
param canarySecretName string = 'keyturn-canary'

@description('Name of the key that seals packs; made in the vault if it is absent.')
param sealingKeyName string = 'keyturn-seal'

@description('Application (client) id that people sign in to; infra/hooks/preprovision.sh makes it. Empty: no platform authentication, and nobody can sign in but by OpenID.')
param authenticationClientId string = ''

@description('Mail address for alerts. Empty: the alerts are raised and nobody gets a mail.')
param alertEmail string = ''

@description('Whether to make a diagnostic setting for the audit log of the vault. Set it to false if one sends AuditEvent to this workspace already: Azure refuses a second one.')
param createDiagnosticSetting bool = true

@description('Name of the vault\'s system topic, if there is one; in this resource group. A vault can have one alone. Its dead letters stay as they are.')
param existingTopicName string = ''

@description('Whether the reporter gets the role Reader on the subscription, to report who may read the vault. Without it the report says that nobody could look.')
param lookAtAccess bool = true

@description('For how many days no version of a sealed pack can be changed or deleted.')
@minValue(1)
@maxValue(146000)
param packDays int = 2557

@description('For how many days deleted or overwritten records can be restored.')
@minValue(1)
@maxValue(365)
param softDeleteDays int = 30

@description('Whether storage and vault are reached over private endpoints in a network of their own. The storage accounts then refuse every other way.')
param privateNetwork bool = false

@description('Replication of the storage accounts. Not every region has ZRS.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageSku string = 'Standard_ZRS'

param location string = resourceGroup().location

@description('Beginning of the names of all resources: letters, digits and hyphens.')
@minLength(3)
@maxLength(40)
param name string = 'keyturn-${uniqueString(resourceGroup().id)}'

// What differs between the clouds of Azure. Source: the deployment function environment().
var cloud = environment().name == 'AzureUSGovernment' ? 'us-government' : environment().name == 'AzureChinaCloud' ? 'china' : 'public'
var sitesDomain = cloud == 'us-government' ? 'azurewebsites.us' : cloud == 'china' ? 'chinacloudsites.cn' : 'azurewebsites.net'

var roles = {
  keyVaultReader: '21090545-7ca7-4776-b22c-e363652d74d2'
  keyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6'
  keyVaultCryptoUser: '12338af0-0e69-4776-bea7-57ae8d297424'
  logAnalyticsReader: '73c42c96-874c-492b-b04d-ab87d138a893'
}

// The identity of an app acts, attests, or with one app both; the broker does neither.
var actor = separateApps ? 'rotate' : 'all'
var attester = separateApps ? 'report' : 'all'
var appRoles = concat(separateApps ? ['rotate', 'report'] : ['all'], withBroker ? ['broker'] : [])
var actorIndex = 0
var attesterIndex = separateApps ? 1 : 0
var brokerIndex = separateApps ? 2 : 1

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' existing = {
  name: vaultName
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' existing = {
  name: workspaceName
}

resource identities 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = [for role in appRoles: {
  name: '${name}-${role}'
  location: location
}]

// Least rights to rotate: read, set and update secrets; never delete, purge, recover, back up or restore.
resource rotatorRole 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, name, 'keyturn-rotator')
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
  name: guid(vault.id, identities[actorIndex].id, rotatorRole.id)
  properties: {
    principalId: identities[actorIndex].properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: rotatorRole.id
  }
}

// The reporter sees properties, its canary, and what its own settings refer to; no other value.
resource reporterOnVault 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, identities[attesterIndex].id, roles.keyVaultReader)
  properties: {
    principalId: identities[attesterIndex].properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultReader)
  }
}

var reportedSecrets = separateApps ? concat([canarySecretName], filter(split(settingSecrets, ','), secret => !empty(secret))) : []

resource readBySettings 'Microsoft.KeyVault/vaults/secrets@2023-07-01' existing = [for secret in reportedSecrets: {
  parent: vault
  name: secret
}]

resource reporterOnSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (secret, index) in reportedSecrets: {
  scope: readBySettings[index]
  name: guid(vault.id, secret, identities[attesterIndex].id, roles.keyVaultSecretsUser)
  properties: {
    principalId: identities[attesterIndex].properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsUser)
  }
}]

var brokered = withBroker ? filter(split(brokerSecrets, ','), secret => !empty(secret)) : []

resource readByBroker 'Microsoft.KeyVault/vaults/secrets@2023-07-01' existing = [for secret in brokered: {
  parent: vault
  name: secret
}]

resource brokerOnSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (secret, index) in brokered: {
  scope: readByBroker[index]
  name: guid(vault.id, secret, identities[brokerIndex].id, roles.keyVaultSecretsUser)
  properties: {
    principalId: identities[brokerIndex].properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsUser)
  }
}]

// Nobody can copy it, and the vault logs every signature. A key that exists stays as it is.
resource sealingKey 'Microsoft.KeyVault/vaults/keys@2023-07-01' = {
  parent: vault
  name: sealingKeyName
  properties: {
    kty: 'EC'
    curveName: 'P-256'
    keyOps: ['sign', 'verify']
  }
}

resource reporterOnKey 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: sealingKey
  name: guid(sealingKey.id, identities[attesterIndex].id, roles.keyVaultCryptoUser)
  properties: {
    principalId: identities[attesterIndex].properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultCryptoUser)
  }
}

resource logReader 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (role, index) in appRoles: if (role != 'broker') {
  scope: workspace
  name: guid(workspace.id, identities[index].id, roles.logAnalyticsReader)
  properties: {
    principalId: identities[index].properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.logAnalyticsReader)
  }
}]

// Who may read, and how the vault is set up. Whoever deploys needs the right to assign roles on the subscription.
module seeAccess 'reader.bicep' = if (lookAtAccess) {
  name: '${name}-reader'
  scope: subscription()
  params: {
    principalId: identities[attesterIndex].properties.principalId
    identityId: identities[attesterIndex].id
  }
}

module network 'network.bicep' = if (privateNetwork) {
  name: '${name}-network'
  params: {
    name: name
    location: location
    vaultId: vault.id
  }
}

module records 'records.bicep' = {
  name: '${name}-records'
  params: {
    name: name
    location: location
    sku: storageSku
    packDays: packDays
    softDeleteDays: softDeleteDays
    workspaceId: workspace.id
    principalIds: [for (role, index) in appRoles: identities[index].properties.principalId]
    endpointSubnetId: network.?outputs.?endpointSubnetId ?? ''
    blobZoneId: network.?outputs.?blobZoneId ?? ''
  }
}

module telemetry 'alerts.bicep' = {
  name: '${name}-alerts'
  params: {
    name: name
    location: location
    workspaceId: workspace.id
    email: alertEmail
    principalIds: [for (role, index) in appRoles: identities[index].properties.principalId]
    topicId: events.outputs.topicId
  }
}

module apps 'app.bicep' = [for (role, index) in appRoles: {
  name: '${name}-${role}'
  params: {
    name: '${name}-${role}'
    location: location
    role: role
    sku: storageSku
    identityId: identities[index].id
    identityClientId: identities[index].properties.clientId
    identityPrincipalId: identities[index].properties.principalId
    connectionString: telemetry.outputs.connectionString
    authenticationClientId: authenticationClientId
    softDeleteDays: softDeleteDays
    appSubnetId: network.?outputs.?appSubnetId ?? ''
    endpointSubnetId: network.?outputs.?endpointSubnetId ?? ''
    blobZoneId: network.?outputs.?blobZoneId ?? ''
    // The later ones win: what the operator gives replaces what the template assumes, role and identity excepted.
    settings: union(
      {
        KEYTURN_CLOUD: cloud
        KEYTURN_VAULTS: '${vault.id}=${vault.properties.vaultUri}'
        KEYTURN_LOG_WORKSPACE_ID: workspace.properties.customerId
        KEYTURN_BLOB_CONTAINER: records.outputs.recordsUrl
        KEYTURN_PACK_CONTAINER: records.outputs.packsUrl
        KEYTURN_PUBLIC_URL: 'https://${name}-${role}.${sitesDomain}'
        KEYTURN_CANARY_SECRET: canarySecretName
        KEYTURN_SIGNING_KEY: '${vault.properties.vaultUri}keys/${sealingKeyName}'
        KEYTURN_TENANT_ID: tenant().tenantId
        KEYTURN_PLATFORM_AUTHENTICATION: empty(authenticationClientId) ? 'off' : 'on'
      },
      toObject(filter(items(settings), setting => !empty(setting.value)), setting => setting.key, setting => setting.value),
      {
        KEYTURN_ROLE: role
        KEYTURN_IDENTITY_KIND: 'managed-identity'
        KEYTURN_IDENTITY_CLIENT_ID: identities[index].properties.clientId
      }
    )
  }
}]

// Resource-specific rows (AZKVAuditLogs), not the shared table: its columns are typed and complete.
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (createDiagnosticSetting) {
  scope: vault
  name: 'keyturn'
  properties: {
    workspaceId: workspace.id
    logAnalyticsDestinationType: 'Dedicated'
    logs: [{ category: 'AuditEvent', enabled: true }]
  }
}

module events 'events.bicep' = {
  name: '${name}-events'
  params: {
    name: name
    vaultName: vaultName
    existingTopicName: existingTopicName
    recordsAccountName: records.outputs.accountName
  }
}

output INFRA_APPS string = join(map(range(0, length(appRoles)), index => '${name}-${appRoles[index]}'), ' ')
output INFRA_PORTAL string = 'https://${name}-${attester}.${sitesDomain}'
output INFRA_ACTOR_URL string = 'https://${name}-${actor}.${sitesDomain}'
output INFRA_ROTATOR_OBJECT_ID string = identities[actorIndex].properties.principalId
output INFRA_REPORTER_OBJECT_ID string = identities[attesterIndex].properties.principalId
output INFRA_TOPIC string = events.outputs.topicName
output INFRA_EVENT_FUNCTION string = '${apps[actorIndex].outputs.id}/functions/key-vault-events'
output INFRA_DEAD_LETTER_ACCOUNT string = empty(existingTopicName) ? records.outputs.accountId : ''
output INFRA_TELEMETRY string = telemetry.outputs.componentName
