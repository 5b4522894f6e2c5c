// Lets Keyturn see who may read the vault and how it is set up: role assignments, the vault, its diagnostic setting and
// metrics, the tables of the log. Grants that are inherited lie on the subscription, so a role on the resource group would
// not show them.
targetScope = 'subscription'

@description('Object id of Keyturn\'s identity.')
param principalId string

@description('The id of a user-assigned identity that makes the name of the assignment unique.')
param identityId string

// Source: Azure's built-in roles, Reader.
var reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7'

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription().id, identityId, reader)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', reader)
  }
}
