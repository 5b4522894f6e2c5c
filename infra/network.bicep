// A network for the apps, with private endpoints for storage and vault. Gitea must be reachable from here: peer this network with
// its network, or let the apps reach it over the internet as before.
param name string
param location string
param vaultId string

resource network 'Microsoft.Network/virtualNetworks@2023-11-01' = {
  name: name
  location: location
  properties: {
    addressSpace: { addressPrefixes: ['10.90.0.0/23'] }
    subnets: [
      {
        name: 'apps'
        properties: {
          addressPrefix: '10.90.0.0/24'
          // Source: the documented delegation of subnets for Flex Consumption.
          delegations: [{ name: 'functions', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      { name: 'endpoints', properties: { addressPrefix: '10.90.1.0/24' } }
    ]
  }
}

var vaultZones = { AzureUSGovernment: 'privatelink.vaultcore.usgovcloudapi.net', AzureChinaCloud: 'privatelink.vaultcore.azure.cn' }
var zoneNames = [
  'privatelink.blob.${environment().suffixes.storage}'
  vaultZones[?environment().name] ?? 'privatelink.vaultcore.azure.net'
]

resource zones 'Microsoft.Network/privateDnsZones@2020-06-01' = [for zone in zoneNames: {
  name: zone
  location: 'global'
}]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2020-06-01' = [for (zone, index) in zoneNames: {
  parent: zones[index]
  name: name
  location: 'global'
  properties: {
    registrationEnabled: false
    virtualNetwork: { id: network.id }
  }
}]

module vaultEndpoint 'endpoint.bicep' = {
  name: '${name}-vault-endpoint'
  params: {
    name: '${name}-vault'
    location: location
    subnetId: '${network.id}/subnets/endpoints'
    resourceId: vaultId
    groupId: 'vault'
    zoneId: zones[1].id
  }
}

output appSubnetId string = '${network.id}/subnets/apps'
output endpointSubnetId string = '${network.id}/subnets/endpoints'
output blobZoneId string = zones[0].id
