const subscription = '3f2c1a90-5b7e-4d11-9a6c-0e1d2c3b4a59';
const resourceGroup = 'keyturn-embedded';
const providers = `/subscriptions/${subscription}/resourcegroups/${resourceGroup}/providers`;

/** The fictional subscription of all embedded resources. */
export const azureIds = {
  subscription,
  tenant: '8b6f6c2e-3d0a-4e52-8f5b-6f4f2f6f0d11',
  workspace: 'c5a3f7de-9b0e-4c55-8d6f-2a7b1e9c4d30',
  workspaceResource: `${providers}/Microsoft.OperationalInsights/workspaces/keyturn-embedded`,
  /** Lower-case, as in the log's `_ResourceId`. */
  vault: (name: string) => `${providers}/microsoft.keyvault/vaults/${name}`.toLowerCase(),
  managedIdentity: (name: string) => `${providers}/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`,
};
