import type {
  DenyAssignment,
  Posture,
  RoleAssignment,
  RoleDefinition,
  Seen,
  SubscriptionPosture,
  VaultPosture,
  VaultSetup,
} from '../../../src/audit/model/posture.ts';

export const subscription = '/subscriptions/00000000-0000-0000-0000-000000000001';
export const vaultId = `${subscription}/resourcegroups/shop/providers/microsoft.keyvault/vaults/kv-prod`;

export const seen = <Value>(value: Value): Seen<Value> => ({ outcome: 'seen', value });
export const notSeen = { outcome: 'not-seen', because: 'access-denied' } as const;

type Permissions = RoleDefinition['permissions'][number];

export function permissions(some: Partial<Permissions>): Permissions {
  return { actions: [], notActions: [], dataActions: [], notDataActions: [], ...some };
}

const role = (name: string, some: Partial<Permissions>): RoleDefinition => ({
  name: name.toLowerCase().replaceAll(' ', '-'),
  roleName: name,
  permissions: [permissions(some)],
});

/** Roles as Azure publishes them, and two custom ones. */
const roles: readonly RoleDefinition[] = [
  role('Owner', { actions: ['*'] }),
  role('Contributor', {
    actions: ['*'],
    notActions: ['Microsoft.Authorization/*/Delete', 'Microsoft.Authorization/*/Write'],
  }),
  role('Reader', { actions: ['*/read'] }),
  role('Key Vault Reader', {
    actions: ['Microsoft.KeyVault/vaults/read'],
    dataActions: ['Microsoft.KeyVault/vaults/*/read', 'Microsoft.KeyVault/vaults/secrets/readMetadata/action'],
  }),
  role('Key Vault Secrets User', {
    dataActions: [
      'Microsoft.KeyVault/vaults/secrets/getSecret/action',
      'Microsoft.KeyVault/vaults/secrets/readMetadata/action',
    ],
  }),
  role('Key Vault Secrets Officer', { dataActions: ['Microsoft.KeyVault/vaults/secrets/*'] }),
  role('Key Vault Administrator', { dataActions: ['Microsoft.KeyVault/vaults/*'] }),
  role('Key Vault Crypto User', { dataActions: ['Microsoft.KeyVault/vaults/keys/read'] }),
  role('All But Values', {
    dataActions: ['Microsoft.KeyVault/vaults/secrets/*'],
    notDataActions: ['Microsoft.KeyVault/vaults/secrets/getSecret/action'],
  }),
];

let number = 0;

export function assignment(some: Partial<RoleAssignment> & Pick<RoleAssignment, 'role'>): RoleAssignment {
  number += 1;
  const scope = some.scope ?? vaultId;
  return {
    id: `${scope}/providers/microsoft.authorization/roleassignments/${String(number)}`,
    scope,
    principalId: 'reader',
    principalType: 'ServicePrincipal',
    condition: null,
    createdAt: '2025-01-01T00:00:00Z',
    endsAt: null,
    ...some,
  };
}

export function denial(some: Partial<DenyAssignment>): DenyAssignment {
  return {
    id: `${vaultId}/providers/microsoft.authorization/denyassignments/1`,
    scope: vaultId,
    permissions: [permissions({ dataActions: ['Microsoft.KeyVault/vaults/secrets/*'] })],
    principals: ['reader'],
    excludePrincipals: [],
    doNotApplyToChildScopes: false,
    condition: null,
    ...some,
  };
}

const setup: VaultSetup = {
  usesRoles: true,
  accessPolicies: [],
  softDelete: true,
  softDeleteDays: 90,
  purgeProtection: true,
  publicAccess: true,
  firewall: { defaultAction: 'allow', azureServices: true, addresses: [], networks: 0 },
};

/** One vault in one subscription, with what is given; everything else seen and empty. */
export function posture(some: {
  readonly at?: string;
  readonly assignments?: readonly RoleAssignment[];
  readonly subscription?: Partial<SubscriptionPosture>;
  readonly setup?: Partial<VaultSetup>;
  readonly vault?: Partial<VaultPosture>;
  readonly groups?: Posture['groups'];
}): Posture {
  return {
    at: some.at ?? '2026-03-02T13:00:00.000Z',
    vaults: [
      {
        vault: 'kv-prod',
        resourceId: vaultId,
        staging: true,
        setup: seen({ ...setup, ...some.setup }),
        diagnosticSettings: seen([{ name: 'audit', workspaceId: 'w', storageAccountId: null, audits: true }]),
        requests: seen([]),
        ...some.vault,
      },
    ],
    subscriptions: [
      {
        subscription: subscription.split('/')[2] ?? '',
        roles: seen(roles),
        assignments: seen(some.assignments ?? []),
        eligible: seen([]),
        denials: seen([]),
        vaults: seen([vaultId]),
        changes: seen([]),
        ...some.subscription,
      },
    ],
    groups: some.groups ?? {},
    workspaceTables: seen([]),
    answers: [],
  };
}
