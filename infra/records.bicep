// The record store of all apps: records that restore for some days after a deletion, packs that nobody can change or delete, and
// the events that could not be delivered. No shared keys, no anonymous access; every read, write and deletion is logged.
param name string
param location string
param sku string

@description('For how many days no version of a sealed pack can be changed or deleted.')
param packDays int

@description('For how many days what was deleted or overwritten can be restored.')
param softDeleteDays int

@description('Id of the workspace that gets the log of this account.')
param workspaceId string

@description('Object ids of the identities that read and write records.')
param principalIds string[]

@description('Subnet of the private endpoint; empty: the public endpoint, for identities with a role alone.')
param endpointSubnetId string
param blobZoneId string

var storageBlobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: 'kt${uniqueString(resourceGroup().id, name, 'records')}'
  location: location
  sku: { name: sku }
  kind: 'StorageV2'
  properties: {
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    supportsHttpsTrafficOnly: true
    minimumTlsVersion: 'TLS1_2'
    publicNetworkAccess: empty(endpointSubnetId) ? 'Enabled' : 'Disabled'
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      isVersioningEnabled: true
      deleteRetentionPolicy: { enabled: true, days: softDeleteDays }
      containerDeleteRetentionPolicy: { enabled: true, days: softDeleteDays }
    }

    resource records 'containers' = {
      name: 'records'
      properties: { publicAccess: 'None' }
    }

    // The index of the archive is written anew with every pack: its older versions stay too.
    resource packs 'containers' = {
      name: 'packs'
      properties: {
        publicAccess: 'None'
        immutableStorageWithVersioning: { enabled: true }
      }

      resource keep 'immutabilityPolicies' = {
        name: 'default'
        properties: {
          immutabilityPeriodSinceCreationInDays: packDays
          allowProtectedAppendWrites: false
        }
      }
    }

    resource deadLetters 'containers' = {
      name: 'dead-letters'
      properties: { publicAccess: 'None' }
    }
  }

  // Versioning would keep every state that a record ever had, for ever.
  resource forget 'managementPolicies' = {
    name: 'default'
    dependsOn: [blobs]
    properties: {
      policy: {
        rules: [
          {
            name: 'forget-old-versions-of-records'
            enabled: true
            type: 'Lifecycle'
            definition: {
              filters: { blobTypes: ['blockBlob'], prefixMatch: ['records/', 'dead-letters/'] }
              actions: { version: { delete: { daysAfterCreationGreaterThan: softDeleteDays } } }
            }
          }
        ]
      }
    }
  }
}

resource access 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for principalId in principalIds: {
  scope: account
  name: guid(account.id, principalId, storageBlobDataContributor)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
  }
}]

resource accessLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: account::blobs
  name: 'keyturn'
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'StorageRead', enabled: true }
      { category: 'StorageWrite', enabled: true }
      { category: 'StorageDelete', enabled: true }
    ]
  }
}

module endpoint 'endpoint.bicep' = if (!empty(endpointSubnetId)) {
  name: '${name}-records-endpoint'
  params: {
    name: '${name}-records'
    location: location
    subnetId: endpointSubnetId
    resourceId: account.id
    groupId: 'blob'
    zoneId: blobZoneId
  }
}

output accountId string = account.id
output accountName string = account.name
output recordsUrl string = '${account.properties.primaryEndpoints.blob}records'
output packsUrl string = '${account.properties.primaryEndpoints.blob}packs'
