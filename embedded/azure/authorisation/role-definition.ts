import { azureIds } from '../azure-ids.ts';

/** The permissions of a role or of a deny assignment. `*` in an action stands for any text; case does not count. */
export interface Permissions {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly dataActions: readonly string[];
  readonly notDataActions: readonly string[];
}

export interface RoleDefinition {
  /** The GUID at the end of its id. */
  readonly name: string;
  readonly roleName: string;
  readonly type: 'BuiltInRole' | 'CustomRole';
  readonly permissions: readonly Permissions[];
  readonly assignableScopes: readonly string[];
}

/**
 * Roles that exist without anyone making them. Source: Azure built-in roles, pages "Security", "Privileged" and
 * "General", read November 2026; actions that no route here asks about are left out.
 */
export const builtInRoles: readonly RoleDefinition[] = [
  builtIn('8e3af657-a8ff-443c-a75c-2fe8c4bcb635', 'Owner', { actions: ['*'] }),
  builtIn('b24988ac-6180-42a0-ab88-20f7382dd24c', 'Contributor', {
    actions: ['*'],
    notActions: ['Microsoft.Authorization/*/Delete', 'Microsoft.Authorization/*/Write'],
  }),
  builtIn('acdd72a7-3385-48ef-bd42-f606fba81ae7', 'Reader', { actions: ['*/read'] }),
  builtIn('18d7d88d-d35e-4fb5-a5c3-7773c20a72d9', 'User Access Administrator', {
    actions: ['*/read', 'Microsoft.Authorization/*'],
  }),
  builtIn('f25e0fa2-a7c8-4377-a976-54943a77a395', 'Key Vault Contributor', {
    actions: ['Microsoft.Authorization/*/read', 'Microsoft.KeyVault/*'],
    notActions: ['Microsoft.KeyVault/locations/deletedVaults/purge/action', 'Microsoft.KeyVault/hsmPools/*'],
  }),
  builtIn('21090545-7ca7-4776-b22c-e363652d74d2', 'Key Vault Reader', {
    actions: ['Microsoft.KeyVault/vaults/read', 'Microsoft.KeyVault/vaults/secrets/read'],
    dataActions: ['Microsoft.KeyVault/vaults/*/read', 'Microsoft.KeyVault/vaults/secrets/readMetadata/action'],
  }),
  builtIn('4633458b-17de-408a-b874-0445c86b69e6', 'Key Vault Secrets User', {
    dataActions: [
      'Microsoft.KeyVault/vaults/secrets/getSecret/action',
      'Microsoft.KeyVault/vaults/secrets/readMetadata/action',
    ],
  }),
  builtIn('b86a8fe4-44ce-4948-aee5-eccb2c155cd7', 'Key Vault Secrets Officer', {
    actions: ['Microsoft.Authorization/*/read', 'Microsoft.KeyVault/vaults/*/read'],
    dataActions: ['Microsoft.KeyVault/vaults/secrets/*'],
  }),
  builtIn('00482a5a-887f-4fb3-b363-3b7fe8e74483', 'Key Vault Administrator', {
    actions: ['Microsoft.Authorization/*/read', 'Microsoft.KeyVault/vaults/*/read'],
    dataActions: ['Microsoft.KeyVault/vaults/*'],
  }),
];

function builtIn(name: string, roleName: string, permissions: Partial<Permissions>): RoleDefinition {
  return { name, roleName, type: 'BuiltInRole', permissions: [withDefaults(permissions)], assignableScopes: ['/'] };
}

export function customRole(name: string, roleName: string, permissions: Partial<Permissions>): RoleDefinition {
  const assignableScopes = [`/subscriptions/${azureIds.subscription}`];
  return { name, roleName, type: 'CustomRole', permissions: [withDefaults(permissions)], assignableScopes };
}

export function withDefaults(permissions: Partial<Permissions>): Permissions {
  return { actions: [], notActions: [], dataActions: [], notDataActions: [], ...permissions };
}

/** Whether the permissions hold an action of this plane, and do not take it out again. */
export function includes(permissions: Permissions, plane: 'control' | 'data', action: string): boolean {
  const [given, taken] =
    plane === 'data'
      ? [permissions.dataActions, permissions.notDataActions]
      : [permissions.actions, permissions.notActions];
  return given.some((pattern) => matches(pattern, action)) && !taken.some((pattern) => matches(pattern, action));
}

function matches(pattern: string, action: string): boolean {
  const text = pattern
    .split('*')
    .map((part) => part.replaceAll(/[.+?^${}()|[\]\\/]/g, String.raw`\$&`))
    .join('.*');
  return new RegExp(`^${text}$`, 'i').test(action);
}
