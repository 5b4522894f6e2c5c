#!/bin/sh
# Makes what a template cannot make once and keep: the canary, the key of staged values, and the application that people sign in
# to. Nothing that exists is changed, and no value is printed. The person needs Key Vault Secrets Officer on the vault.
set -eu

: "${AZURE_KEY_VAULT:?Name the vault first: azd env set AZURE_KEY_VAULT kv-prod}"
: "${AZURE_LOG_WORKSPACE:?Name the workspace first: azd env set AZURE_LOG_WORKSPACE logs}"
: "${AZURE_RESOURCE_GROUP:?Name the resource group of the vault first: azd env set AZURE_RESOURCE_GROUP shop}"

RBAC=$(az keyvault show --name "$AZURE_KEY_VAULT" --query properties.enableRbacAuthorization --output tsv)
if [ "$RBAC" != true ]; then
  echo "The vault $AZURE_KEY_VAULT uses access policies. Turn on Azure RBAC: roles have no effect without it." >&2
  exit 1
fi

# Whether the vault has a secret is read from the list: an error is no proof that it is absent.
NAMES=$(az keyvault secret list --vault-name "$AZURE_KEY_VAULT" --query '[].name' --output tsv)
has() { printf '%s\n' "$NAMES" | grep -qxF "$1"; }

if ! has "${KEYTURN_CANARY_SECRET:-keyturn-canary}"; then
  az keyvault secret set --vault-name "$AZURE_KEY_VAULT" --name "${KEYTURN_CANARY_SECRET:-keyturn-canary}" \
    --value canary --output none
fi
if ! has keyturn-staging-key && [ -z "${KEYTURN_STAGING_KEY_SECRET:-}" ]; then
  FILE=$(mktemp)
  trap 'rm -f "$FILE"' EXIT
  openssl rand -base64 48 > "$FILE"
  az keyvault secret set --vault-name "$AZURE_KEY_VAULT" --name keyturn-staging-key --file "$FILE" --output none
fi

if [ -z "${INFRA_AUTHENTICATION_CLIENT_ID:-}" ]; then
  NAME=${INFRA_NAME:-keyturn-$AZURE_ENV_NAME}
  REDIRECTS=
  for ROLE in all rotate report; do
    REDIRECTS="$REDIRECTS https://$NAME-$ROLE.azurewebsites.net/.auth/login/aad/callback"
  done
  # No client secret: the platform takes ID tokens alone, so there is none to keep and to rotate.
  # shellcheck disable=SC2086
  CLIENT=$(az ad app create --display-name "$NAME" --sign-in-audience AzureADMyOrg --enable-id-token-issuance true \
    --web-redirect-uris $REDIRECTS --app-roles @infra/app-roles.json --query appId --output tsv)
  az ad sp create --id "$CLIENT" --output none
  azd env set INFRA_AUTHENTICATION_CLIENT_ID "$CLIENT"
  echo "Assign Keyturn.Auditor and Keyturn.Operator to people: Entra, Enterprise applications, $NAME."
fi
