#!/bin/sh
# Deploys the package to each app, then creates the Event Grid subscription, which needs the function to exist, and lets each app
# look at its own setup (keyturn doctor, under its own identity). Running it again does no harm.
set -eu

npm run --silent package
for APP in $INFRA_APPS; do
  az functionapp deployment source config-zip --resource-group "$AZURE_RESOURCE_GROUP" --name "$APP" \
    --src dist/keyturn-functions.zip --output none
done

az deployment group create --resource-group "$AZURE_RESOURCE_GROUP" --name keyturn-subscription \
  --template-file infra/subscription.bicep --output none \
  --parameters topicName="$INFRA_TOPIC" functionId="$INFRA_EVENT_FUNCTION" \
  deadLetterAccountId="$INFRA_DEAD_LETTER_ACCOUNT"

for APP in $INFRA_APPS; do
  KEY=$(az functionapp keys list --resource-group "$AZURE_RESOURCE_GROUP" --name "$APP" --query masterKey --output tsv)
  # The key comes on standard input: arguments are visible to every process.
  printf 'header = "x-functions-key: %s"\n' "$KEY" | curl --silent --show-error --fail --retry 5 --retry-all-errors --config - \
    --header 'content-type: application/json' --data '{"input":""}' "https://$(az functionapp show \
    --resource-group "$AZURE_RESOURCE_GROUP" --name "$APP" --query defaultHostName --output tsv)/admin/functions/check-setup"
  echo "$APP looks at its setup. In some minutes its lines are in Application Insights ($INFRA_TELEMETRY):"
  echo "  az monitor app-insights query --app $INFRA_TELEMETRY --resource-group $AZURE_RESOURCE_GROUP \\"
  echo "    --analytics-query \"traces | where message has 'check-setup' | project timestamp, message | order by timestamp\""
done
echo "The portal is at $INFRA_PORTAL. Rotations are approved at $INFRA_ACTOR_URL."
echo "Name the identities in the policy: rotator $INFRA_ROTATOR_OBJECT_ID, reporter $INFRA_REPORTER_OBJECT_ID."
