import type { Vault } from '../../secrets/secret-reference.ts';
import type { Settings } from '../../settings.ts';

/** Whom to assign a role: the object id if the vault named it, else a word to fill in. */
export function assignRole(role: string, scope: string, objectId: string | null): string {
  const assignee = objectId ?? 'OBJECT_ID';
  return `az role assignment create --assignee-object-id ${assignee} --assignee-principal-type ServicePrincipal --role "${role}" --scope ${scope}`;
}

/** The role that the settings' role needs on a vault. docs/self-hosting.md makes `Keyturn rotator`: no built-in role does just that. */
export function vaultRole({ role }: Pick<Settings, 'role'>): string {
  return role === 'report' ? 'Key Vault Reader' : 'Keyturn rotator';
}

export function vaultScope({ resourceId, name }: Vault): string {
  return resourceId ?? `"$(az keyvault show --name ${name} --query id --output tsv)"`;
}

export function workspaceScope(workspaceId: string): string {
  return `"$(az monitor log-analytics workspace list --query "[?customerId=='${workspaceId}'].id" --output tsv)"`;
}

/** Sends the vault's audit log to the workspace, into the table that Keyturn reads first. */
export function sendLog(vault: Vault, workspaceId: string): string {
  const logs = `'[{"categoryGroup":"audit","enabled":true}]'`;
  return `az monitor diagnostic-settings create --name keyturn --resource ${vaultScope(vault)} --workspace ${workspaceScope(workspaceId)} --export-to-resource-specific true --logs ${logs}`;
}

/** Creates a secret whose value nobody has to know. The shell generates it, so that no history holds it. */
export function makeSecret(vault: Vault, name: string): string {
  return `az keyvault secret set --vault-name ${vault.name} --name ${name} --value "$(openssl rand -base64 48)" --output none`;
}

/** Lists who may read every secret of a vault, staged values included. */
export function listReaders(vault: Vault): string {
  return `az role assignment list --scope ${vaultScope(vault)} --include-inherited --output table`;
}
