import { describe, expect, it } from 'vitest';
import { effectiveReaders } from '../../../src/audit/posture/effective-readers.ts';
import { assignment, denial, notSeen, permissions, posture, seen, subscription, vaultId } from './posture-fixtures.ts';

const at = new Date('2026-03-02T13:00:00Z');
const user = 'key-vault-secrets-user';
const managementGroup = '/providers/microsoft.management/managementgroups/root';
const everyone = '00000000-0000-0000-0000-000000000000';
const secrets = 'Microsoft.KeyVault/vaults/secrets';

/** The form that the portal writes: a block for each action that the condition is about. */
const about = (...actions: readonly string[]) =>
  actions
    .map(
      (action) =>
        `(\n (\n  !(ActionMatches{'${action}'})\n )\n OR \n (\n  @Request[a:b] StringEquals '(x) AND y'\n )\n)`,
    )
    .join('\nAND\n');

type Situation = readonly [says: string, verdict: string, given: Parameters<typeof posture>[0]];

/**
 * Each verdict is set by hand from Azure's published rules: Azure RBAC overview and "Understand scope", role
 * definitions, deny assignments, conditions, eligible and time-bound assignments; Key Vault RBAC guide and access
 * policies. Read November 2026.
 */
const situations: readonly Situation[] = [
  ['no grant at all', 'none', {}],
  ['a role on the secret', 'may-read', { assignments: [assignment({ role: user, scope: `${vaultId}/secrets/db` })] }],
  [
    'a role on another secret',
    'none',
    { assignments: [assignment({ role: user, scope: `${vaultId}/secrets/other` })] },
  ],
  [
    'a role on a secret whose name begins alike',
    'none',
    { assignments: [assignment({ role: user, scope: `${vaultId}/secrets/d` })] },
  ],
  ['a role on the vault', 'may-read', { assignments: [assignment({ role: user })] }],
  [
    'a role on a vault whose name begins alike',
    'none',
    { assignments: [assignment({ role: user, scope: vaultId.slice(0, -1) })] },
  ],
  [
    'a role on the resource group',
    'may-read',
    { assignments: [assignment({ role: user, scope: `${subscription}/resourcegroups/shop` })] },
  ],
  [
    'a role on another resource group',
    'none',
    { assignments: [assignment({ role: user, scope: `${subscription}/resourcegroups/sho` })] },
  ],
  ['a role on the subscription', 'may-read', { assignments: [assignment({ role: user, scope: subscription })] }],
  ['a role on a management group', 'may-read', { assignments: [assignment({ role: user, scope: managementGroup })] }],
  ['a role on the root', 'may-read', { assignments: [assignment({ role: user, scope: '/' })] }],
  ['an officer, by a wildcard', 'may-read', { assignments: [assignment({ role: 'key-vault-secrets-officer' })] }],
  ['an administrator of the vault', 'may-read', { assignments: [assignment({ role: 'key-vault-administrator' })] }],
  ['a reader of metadata', 'none', { assignments: [assignment({ role: 'key-vault-reader' })] }],
  ['a user of keys', 'none', { assignments: [assignment({ role: 'key-vault-crypto-user' })] }],
  ['the role Reader', 'none', { assignments: [assignment({ role: 'reader', scope: subscription })] }],
  ['the role Contributor', 'none', { assignments: [assignment({ role: 'contributor', scope: subscription })] }],
  [
    'the role Owner, which may assign roles',
    'may-grant-itself',
    { assignments: [assignment({ role: 'owner', scope: subscription })] },
  ],
  ['a wildcard that takes the value out again', 'none', { assignments: [assignment({ role: 'all-but-values' })] }],
  [
    'a second role that grants what the first takes out',
    'may-read',
    { assignments: [assignment({ role: 'all-but-values' }), assignment({ role: user })] },
  ],
  [
    'a role by a group',
    'may-read',
    {
      assignments: [assignment({ role: user, principalId: 'team', principalType: 'Group' })],
      groups: { team: seen(['reader', 'other']) },
    },
  ],
  [
    'a role by a group without this member',
    'none',
    {
      assignments: [assignment({ role: user, principalId: 'team', principalType: 'Group' })],
      groups: { team: seen(['other']) },
    },
  ],
  [
    'a condition about the value',
    'on-condition',
    { assignments: [assignment({ role: user, condition: about(`${secrets}/getSecret/action`) })] },
  ],
  [
    'a condition about every action',
    'on-condition',
    { assignments: [assignment({ role: user, condition: "@Request[a:b] StringEquals 'x'" })] },
  ],
  [
    'a condition about assigning roles alone, as delegation writes it',
    'may-read',
    {
      assignments: [
        assignment({
          role: user,
          condition: about(
            'Microsoft.Authorization/roleAssignments/write',
            'Microsoft.Authorization/roleAssignments/delete',
          ),
        }),
      ],
    },
  ],
  [
    'a condition of which one block is about the value',
    'on-condition',
    {
      assignments: [
        assignment({ role: user, condition: about('Microsoft.Authorization/roleAssignments/write', `${secrets}/*`) }),
      ],
    },
  ],
  [
    'a conditional role beside an unconditional one',
    'may-read',
    {
      assignments: [
        assignment({ role: user, condition: "@Request[a:b] StringEquals 'x'" }),
        assignment({ role: user, scope: subscription }),
      ],
    },
  ],
  [
    'a role that ended an hour ago',
    'none',
    { assignments: [assignment({ role: user, endsAt: '2026-03-02T12:00:00Z' })] },
  ],
  [
    'a role that ends in an hour',
    'may-read',
    { assignments: [assignment({ role: user, endsAt: '2026-03-02T14:00:00Z' })] },
  ],
  ['an eligibility', 'may-activate', { subscription: { eligible: seen([assignment({ role: user })]) } }],
  [
    'an eligibility that ended',
    'none',
    { subscription: { eligible: seen([assignment({ role: user, endsAt: '2026-03-01T00:00:00Z' })]) } },
  ],
  [
    'a denial to the reader',
    'none',
    { assignments: [assignment({ role: user })], subscription: { denials: seen([denial({})]) } },
  ],
  [
    'a denial to everyone',
    'none',
    {
      assignments: [assignment({ role: user })],
      subscription: { denials: seen([denial({ principals: [everyone] })]) },
    },
  ],
  [
    'a denial to everyone but the reader',
    'may-read',
    {
      assignments: [assignment({ role: user })],
      subscription: { denials: seen([denial({ principals: [everyone], excludePrincipals: ['reader'] })]) },
    },
  ],
  [
    'a denial to everyone but a group of the reader',
    'may-read',
    {
      assignments: [assignment({ role: user })],
      subscription: { denials: seen([denial({ principals: [everyone], excludePrincipals: ['team'] })]) },
      groups: { team: seen(['reader']) },
    },
  ],
  [
    'a denial of other actions',
    'may-read',
    {
      assignments: [assignment({ role: user })],
      subscription: {
        denials: seen([denial({ permissions: [permissions({ dataActions: [`${secrets}/setSecret/action`] })] })]),
      },
    },
  ],
  [
    'a denial of management alone',
    'may-read',
    {
      assignments: [assignment({ role: user })],
      subscription: { denials: seen([denial({ permissions: [permissions({ actions: ['*'] })] })]) },
    },
  ],
  [
    'a denial on the vault that its children do not inherit',
    'may-read',
    {
      assignments: [assignment({ role: user })],
      subscription: { denials: seen([denial({ doNotApplyToChildScopes: true })]) },
    },
  ],
  [
    'a denial on the subscription',
    'none',
    { assignments: [assignment({ role: user })], subscription: { denials: seen([denial({ scope: subscription })]) } },
  ],
  [
    'an access policy on a vault that goes by roles',
    'none',
    { setup: { accessPolicies: [{ objectId: 'reader', applicationId: null, secrets: ['get'] }] } },
  ],
  [
    'a role on a vault that goes by access policies',
    'none',
    { setup: { usesRoles: false }, assignments: [assignment({ role: user })] },
  ],
  [
    'an access policy to get',
    'may-read',
    {
      setup: { usesRoles: false, accessPolicies: [{ objectId: 'reader', applicationId: null, secrets: ['get'] }] },
      groups: { reader: { outcome: 'not-seen', because: 'not-there' } },
    },
  ],
  [
    'an access policy to do all',
    'may-read',
    {
      setup: { usesRoles: false, accessPolicies: [{ objectId: 'reader', applicationId: null, secrets: ['all'] }] },
      groups: { reader: { outcome: 'not-seen', because: 'not-there' } },
    },
  ],
  [
    'an access policy to list and set alone',
    'none',
    {
      setup: {
        usesRoles: false,
        accessPolicies: [{ objectId: 'reader', applicationId: null, secrets: ['list', 'set'] }],
      },
    },
  ],
  [
    'an access policy of a group',
    'may-read',
    {
      setup: { usesRoles: false, accessPolicies: [{ objectId: 'team', applicationId: null, secrets: ['get'] }] },
      groups: { team: seen(['reader']) },
    },
  ],
  [
    'an access policy that counts through one application alone',
    'on-condition',
    {
      setup: { usesRoles: false, accessPolicies: [{ objectId: 'reader', applicationId: 'app', secrets: ['get'] }] },
      groups: { reader: { outcome: 'not-seen', because: 'not-there' } },
    },
  ],
  [
    'the role Contributor on a vault that goes by access policies, which it may write',
    'may-grant-itself',
    { setup: { usesRoles: false }, assignments: [assignment({ role: 'contributor', scope: subscription })] },
  ],
  [
    'a role that was not seen',
    'cannot-tell',
    { assignments: [assignment({ role: 'a-custom-role' })], subscription: { roles: notSeen } },
  ],
];

describe('who may read a secret', () => {
  it.each(situations)('%s → %s', (_, verdict, given) => {
    const readers = effectiveReaders(posture(given), { vault: 'kv-prod', secret: 'DB' }, at);
    if (readers.outcome !== 'seen') expect.unreachable('the grants were seen');
    expect(readers.value.find(({ principalId }) => principalId === 'reader')?.verdict ?? 'none').toBe(verdict);
  });

  it('names a group whose members were not seen, and does not guess who they are', () => {
    const given = posture({
      assignments: [assignment({ role: user, principalId: 'team', principalType: 'Group' })],
      groups: { team: notSeen },
    });
    expect(effectiveReaders(given, { vault: 'kv-prod', secret: 'db' }, at)).toMatchObject({
      value: [{ principalId: 'team', verdict: 'cannot-tell' }],
    });
  });

  it('cannot tell whether a denial to a group that was not seen keeps a reader out', () => {
    const given = posture({
      assignments: [assignment({ role: user })],
      subscription: { denials: seen([denial({ principals: ['team'] })]) },
      groups: { team: notSeen },
    });
    expect(effectiveReaders(given, { vault: 'kv-prod', secret: 'db' }, at)).toMatchObject({
      value: [{ principalId: 'reader', verdict: 'cannot-tell' }],
    });
  });

  it('says that grants were not seen, and shows no empty list for it', () => {
    const asked = { vault: 'kv-prod', secret: 'db' };
    expect(effectiveReaders(posture({ subscription: { assignments: notSeen } }), asked, at)).toEqual(notSeen);
    expect(effectiveReaders(posture({ vault: { setup: notSeen } }), asked, at)).toEqual(notSeen);
    expect(effectiveReaders(posture({}), { vault: 'elsewhere', secret: 'db' }, at)).toEqual({
      outcome: 'not-seen',
      because: 'not-configured',
    });
  });

  it('counts as a reader of the whole vault only who may read every secret of it', () => {
    const given = posture({
      assignments: [
        assignment({ role: user, principalId: 'one', scope: `${vaultId}/secrets/db` }),
        assignment({ role: user, principalId: 'all' }),
        assignment({ role: user, principalId: 'above', scope: subscription }),
      ],
    });
    expect(effectiveReaders(given, { vault: 'kv-prod', secret: null }, at)).toMatchObject({
      value: [
        { principalId: 'all', grants: [{ reach: 'vault' }] },
        { principalId: 'above', grants: [{ reach: 'above-vault' }] },
      ],
    });
  });
});
