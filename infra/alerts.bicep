// Application Insights over the workspace, and an alert for what nobody would see otherwise: a function that fails, a rotation
// that calls for a person, events that could not be delivered.
param name string
param location string
param workspaceId string

@description('Mail address for alerts; empty: none.')
param email string

@description('Object ids of the identities that send telemetry.')
param principalIds string[]

@description('System topic of the vault.')
param topicId string

// Source: the built-in role Monitoring Metrics Publisher.
var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: name
  location: location
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspaceId
    DisableLocalAuth: true
  }
}

resource publishes 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for principalId in principalIds: {
  scope: component
  name: guid(component.id, principalId, monitoringMetricsPublisher)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
  }
}]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: name
  location: 'global'
  properties: {
    groupShortName: 'keyturn'
    enabled: true
    emailReceivers: empty(email) ? [] : [{ name: 'operator', emailAddress: email, useCommonAlertSchema: true }]
  }
}

var logAlerts = [
  {
    name: 'failed'
    says: 'A function of Keyturn failed. Its exception has a code; docs/azure.md says where to look.'
    query: 'requests | where success == false'
  }
  {
    name: 'needs-a-person'
    says: 'A rotation of Keyturn waits for a person. The portal shows what to do.'
    query: 'traces | where message has "needs-attention" or message has "awaiting-approval"'
  }
  {
    name: 'setup'
    says: 'Keyturn cannot work as it is set up. The line of the log names what is missing and the command that adds it.'
    query: 'traces | where message has "check-setup" and severityLevel >= 3'
  }
]

resource rules 'Microsoft.Insights/scheduledQueryRules@2023-03-15-preview' = [for alert in logAlerts: {
  name: '${name}-${alert.name}'
  location: location
  properties: {
    displayName: 'Keyturn: ${alert.name}'
    description: alert.says
    severity: 2
    enabled: true
    scopes: [component.id]
    evaluationFrequency: 'PT15M'
    windowSize: 'PT15M'
    criteria: {
      allOf: [{ query: alert.query, timeAggregation: 'Count', operator: 'GreaterThan', threshold: 0 }]
    }
    autoMitigate: false
    actions: { actionGroups: [people.id] }
  }
}]

resource deadLetters 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${name}-dead-letters'
  location: 'global'
  properties: {
    description: 'Event Grid could not deliver events of the vault for a day. The reconciler found the rotations, later than an event would have.'
    severity: 2
    enabled: true
    scopes: [topicId]
    evaluationFrequency: 'PT15M'
    windowSize: 'PT1H'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'undelivered'
          metricNamespace: 'Microsoft.EventGrid/systemTopics'
          metricName: 'DeadLetteredCount'
          operator: 'GreaterThan'
          threshold: 0
          timeAggregation: 'Total'
        }
      ]
    }
    actions: [{ actionGroupId: people.id }]
  }
}

output connectionString string = component.properties.ConnectionString
output componentName string = component.name
