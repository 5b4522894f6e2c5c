// One Functions app on Flex Consumption with Node 24, and the storage account that its host needs. The account holds the package
// and the keys of the host, no record; each app has its own, so that no app can replace the package of another one.
param name string
param location string

@description('What the app does: all, rotate, report or broker.')
param role string
param sku string
param identityId string
param identityClientId string
param identityPrincipalId string

@description('Of Application Insights, which takes telemetry of this identity alone.')
param connectionString string

@description('Application id that people sign in to; empty: no platform authentication.')
param authenticationClientId string
param softDeleteDays int

@description('Subnet of the app; empty: no network of its own.')
param appSubnetId string
param endpointSubnetId string
param blobZoneId string

@description('The settings of Keyturn, by name.')
@secure()
param settings object

// Source: the samples of Azure Functions with identities instead of keys: the host leases blobs and keeps its own keys there.
var storageBlobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: 'kt${uniqueString(resourceGroup().id, name, 'host')}'
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
      deleteRetentionPolicy: { enabled: true, days: softDeleteDays }
    }

    resource packages 'containers' = {
      name: 'packages'
      properties: { publicAccess: 'None' }
    }
  }
}

resource hostAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: storage
  name: guid(storage.id, identityId, storageBlobDataOwner)
  properties: {
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataOwner)
  }
}

module endpoint 'endpoint.bicep' = if (!empty(endpointSubnetId)) {
  name: '${name}-host-endpoint'
  params: {
    name: '${name}-host'
    location: location
    subnetId: endpointSubnetId
    resourceId: storage.id
    groupId: 'blob'
    zoneId: blobZoneId
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
    userAssignedIdentities: { '${identityId}': {} }
  }
  tags: { 'keyturn-role': role }
  // A start without its role meets 403.
  dependsOn: [hostAccess]
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    virtualNetworkSubnetId: empty(appSubnetId) ? null : appSubnetId
    functionAppConfig: {
      runtime: { name: 'node', version: '24' }
      scaleAndConcurrency: { maximumInstanceCount: 40, instanceMemoryMB: 2048 }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}packages'
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      // The list replaces all app settings, so each comes from here: what is set elsewhere is gone after the next deployment.
      appSettings: concat(
        [
          { name: 'AzureWebJobsStorage__accountName', value: storage.name }
          { name: 'AzureWebJobsStorage__credential', value: 'managedidentity' }
          { name: 'AzureWebJobsStorage__clientId', value: identityClientId }
          { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: connectionString }
          { name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING', value: 'ClientId=${identityClientId};Authorization=AAD' }
        ],
        map(items(settings), setting => { name: setting.key, value: setting.value })
      )
    }
  }

  resource publishing 'basicPublishingCredentialsPolicies' = [for kind in ['ftp', 'scm']: {
    name: kind
    properties: { allow: false }
  }]

  // Gitea and runners authenticate themselves, and Keyturn answers 401 to everybody else who is not signed in.
  resource authentication 'config' = if (!empty(authenticationClientId)) {
    name: 'authsettingsV2'
    properties: {
      globalValidation: { requireAuthentication: false, unauthenticatedClientAction: 'AllowAnonymous' }
      httpSettings: { requireHttps: true }
      identityProviders: {
        azureActiveDirectory: {
          enabled: true
          registration: {
            clientId: authenticationClientId
            openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
          }
          validation: { allowedAudiences: [authenticationClientId, 'api://${authenticationClientId}'] }
        }
      }
      login: { tokenStore: { enabled: false } }
      platform: { enabled: true }
    }
  }
}

output id string = app.id
