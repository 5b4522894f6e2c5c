// The system topic of the vault: taken as it is if the operator names one, because a vault can have one alone.
param name string
param vaultName string
param existingTopicName string
param recordsAccountName string

var storageBlobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' existing = {
  name: vaultName
}

resource given 'Microsoft.EventGrid/systemTopics@2022-06-15' existing = if (!empty(existingTopicName)) {
  name: existingTopicName
}

// Event Grid demands the region of the source, whatever the region of the resource group.
resource topic 'Microsoft.EventGrid/systemTopics@2022-06-15' = if (empty(existingTopicName)) {
  name: '${name}-vault'
  location: vault.location
  identity: { type: 'SystemAssigned' }
  properties: { source: vault.id, topicType: 'Microsoft.KeyVault.vaults' }
}

resource deadLetters 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' existing = {
  name: '${recordsAccountName}/default/dead-letters'
}

resource writesDeadLetters 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (empty(existingTopicName)) {
  scope: deadLetters
  name: guid(deadLetters.id, name, storageBlobDataContributor)
  properties: {
    principalId: topic.?identity.?principalId ?? ''
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
  }
}

output topicId string = empty(existingTopicName) ? topic.id : given.id
output topicName string = empty(existingTopicName) ? '${name}-vault' : existingTopicName
