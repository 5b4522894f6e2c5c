import {
  type DenyAssignment,
  type Posture,
  readerVerdicts,
  type ReaderVerdict,
  type RoleAssignment,
  type RoleDefinition,
  type Seen,
  type SubscriptionPosture,
  type VaultPosture,
  type VaultSetup,
} from '../model/posture.ts';
import { conditionRestricts } from './condition-restricts.ts';
import { holdsAction } from './match-action.ts';

/** One way in which a principal reaches a secret. */
export interface ReaderGrant {
  readonly verdict: ReaderVerdict;
  readonly kind: 'role-assignment' | 'access-policy';
  /** The role assignment's whole id, or the object id that the access policy names. */
  readonly id: string;
  readonly role: string;
  readonly scope: string;
  /** How far the grant reaches: this secret alone, the whole vault, or what lies above the vault too. */
  readonly reach: 'secret' | 'vault' | 'above-vault';
  /** The group through which it reaches the principal; `null` for a grant to the principal itself. */
  readonly group: string | null;
  readonly endsAt: string | null;
}

export interface EffectiveReader {
  /** Lower-case object id; of a group whose members were not seen, the group's own. */
  readonly principalId: string;
  /** The strongest of its grants. */
  readonly verdict: ReaderVerdict;
  /** Strongest first. */
  readonly grants: readonly ReaderGrant[];
}

/** A secret of a vault that the posture covers, by short names; `null` asks about the vault: who may read every secret. */
interface AskedSecret {
  readonly vault: string;
  readonly secret: string | null;
}

const assignRoles = 'Microsoft.Authorization/roleAssignments/write';
const changePolicies = ['Microsoft.KeyVault/vaults/write', 'Microsoft.KeyVault/vaults/accessPolicies/write'];
const everyone = '00000000-0000-0000-0000-000000000000';

/** An operation on secrets, as a data action of roles and as a permission of access policies. */
interface SecretOperation {
  readonly action: string;
  readonly permission: 'get' | 'set';
}

const get: SecretOperation = { action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action', permission: 'get' };
const set: SecretOperation = { action: 'Microsoft.KeyVault/vaults/secrets/setSecret/action', permission: 'set' };

/**
 * Who may read a secret at a moment, as Azure would judge it: role assignments or access policies, whichever the vault
 * goes by, through groups, less what deny assignments take away. `not-seen` if the grants themselves were not seen.
 * Sources: Azure RBAC overview ("How Azure RBAC determines access"), deny assignments, Key Vault "RBAC guide" and
 * "Access policies (legacy)", read November 2026.
 */
export function effectiveReaders(posture: Posture, asked: AskedSecret, at: Date): Seen<readonly EffectiveReader[]> {
  return effectiveHolders(posture, asked, at, get);
}

/** The same for setting a secret; `may-read` then means that the identity may set it. */
export function effectiveSetters(posture: Posture, asked: AskedSecret, at: Date): Seen<readonly EffectiveReader[]> {
  return effectiveHolders(posture, asked, at, set);
}

function effectiveHolders(
  posture: Posture,
  asked: AskedSecret,
  at: Date,
  operation: SecretOperation,
): Seen<readonly EffectiveReader[]> {
  const vault = posture.vaults.find((one) => one.vault === asked.vault.toLowerCase());
  if (vault === undefined || vault.resourceId === null) return { outcome: 'not-seen', because: 'not-configured' };
  if (vault.setup.outcome === 'not-seen') return vault.setup;
  const subscription = posture.subscriptions.find((one) => one.subscription === vault.resourceId?.split('/')[2]);
  if (subscription === undefined) return { outcome: 'not-seen', because: 'not-configured' };
  if (subscription.assignments.outcome === 'not-seen') return subscription.assignments;
  const world: World = { posture, subscription, vaultId: vault.resourceId, secret: asked.secret, at };
  const setup = vault.setup.value;
  const grants = [
    ...(setup.usesRoles
      ? roleGrants(world, 'data', operation.action)
      : policyGrants(world, setup, operation.permission)),
    ...(setup.usesRoles ? [assignRoles] : changePolicies).flatMap((action) => roleGrants(world, 'control', action)),
  ];
  return { outcome: 'seen', value: byPrincipal(grants) };
}

/** Resource id of a vault or of one secret in it. */
function secretScope({ resourceId }: Pick<VaultPosture, 'resourceId'>, secret: string | null): string {
  return secret === null ? (resourceId ?? '') : `${resourceId ?? ''}/secrets/${secret.toLowerCase()}`;
}

interface World {
  readonly posture: Posture;
  readonly subscription: SubscriptionPosture;
  readonly vaultId: string;
  readonly secret: string | null;
  readonly at: Date;
}

interface Granted {
  readonly principalId: string;
  readonly grant: ReaderGrant;
}

function roleGrants(world: World, plane: 'control' | 'data', action: string): readonly Granted[] {
  const { subscription, at } = world;
  const active = subscription.assignments.outcome === 'seen' ? subscription.assignments.value : [];
  const eligible = subscription.eligible.outcome === 'seen' ? subscription.eligible.value : [];
  return [
    ...active.map((assignment) => ({ assignment, isActive: true })),
    ...eligible.map((assignment) => ({ assignment, isActive: false })),
  ].flatMap(({ assignment, isActive }): readonly Granted[] => {
    const { id, scope, endsAt } = assignment;
    if (!reaches(assignment, world) || (endsAt !== null && Date.parse(endsAt) <= at.getTime())) return [];
    const role = roleOf(subscription, assignment.role);
    // A role that was not seen may grant the value; the question about the value says so once.
    if (role === null ? plane === 'control' : !holdsAction(role.permissions, plane, action)) return [];
    const given = verdictOf(assignment, role, { isActive, plane, action });
    const grant = { kind: 'role-assignment', id, role: role?.roleName ?? assignment.role, scope, endsAt } as const;
    return principalsOf(world, assignment).flatMap(({ principalId, group, isKnown }) => {
      const denied = isDenied(world, principalId, group, plane, action);
      if (denied === 'yes') return [];
      const isSure = isKnown && denied === 'no';
      const verdict = isSure || given === 'may-grant-itself' ? given : 'cannot-tell';
      return [{ principalId, grant: { ...grant, verdict, group, reach: reachOf(scope, world.vaultId) } }];
    });
  });
}

function verdictOf(
  { condition }: RoleAssignment,
  role: RoleDefinition | null,
  { isActive, plane, action }: { isActive: boolean; plane: 'control' | 'data'; action: string },
): ReaderVerdict {
  if (plane === 'control') return 'may-grant-itself';
  if (role === null) return 'cannot-tell';
  if (!isActive) return 'may-activate';
  return condition !== null && conditionRestricts(condition, action) ? 'on-condition' : 'may-read';
}

/** Role assignments count for nothing here, deny assignments neither: the vault goes by its own list alone. */
function policyGrants(
  world: World,
  { accessPolicies }: VaultSetup,
  permission: SecretOperation['permission'],
): readonly Granted[] {
  const { posture, vaultId } = world;
  return accessPolicies
    .filter(({ secrets }) => secrets.includes(permission) || secrets.includes('all'))
    .flatMap(({ objectId, applicationId }): readonly Granted[] => {
      const grant = {
        kind: 'access-policy',
        id: objectId,
        role: 'access policy',
        scope: vaultId,
        reach: 'vault',
        endsAt: null,
        // It counts for the object only when it comes through this application.
        verdict: applicationId === null ? 'may-read' : 'on-condition',
      } as const;
      const members = posture.groups[objectId];
      const own = { ...grant, group: null };
      if (members?.outcome !== 'seen') {
        // Graph says that there is no such group: then it is a user or an application. Otherwise nobody knows.
        const isAlone = members?.because === 'not-there';
        return [{ principalId: objectId, grant: isAlone ? own : { ...own, verdict: 'cannot-tell' } }];
      }
      return members.value.map((principalId) => ({ principalId, grant: { ...grant, group: objectId } }));
    });
}

function principalsOf(
  { posture }: World,
  { principalId, principalType }: RoleAssignment,
): readonly { readonly principalId: string; readonly group: string | null; readonly isKnown: boolean }[] {
  if (!/group/i.test(principalType)) return [{ principalId, group: null, isKnown: true }];
  const members = posture.groups[principalId];
  if (members?.outcome !== 'seen') return [{ principalId, group: null, isKnown: false }];
  return members.value.map((member) => ({ principalId: member, group: principalId, isKnown: true }));
}

/** `cannot-tell`: a denial may concern the principal through a group or a condition that was not seen. */
function isDenied(
  world: World,
  principalId: string,
  group: string | null,
  plane: 'control' | 'data',
  action: string,
): 'yes' | 'no' | 'cannot-tell' {
  const { denials } = world.subscription;
  // Then nobody is shown as kept out: to name a reader too many is the safe error.
  if (denials.outcome === 'not-seen') return 'no';
  const answers = denials.value
    .filter((denial) => holdsAction(denial.permissions, plane, action) && deniesHere(denial, world))
    .map(({ principals, excludePrincipals, condition }) => {
      const named = concerns(world, principals, principalId, group);
      const excluded = concerns(world, excludePrincipals, principalId, group);
      if (named === 'no' || excluded === 'yes') return 'no';
      return named === 'yes' && excluded === 'no' && condition === null ? 'yes' : 'cannot-tell';
    });
  if (answers.includes('yes')) return 'yes';
  return answers.includes('cannot-tell') ? 'cannot-tell' : 'no';
}

function concerns(
  { posture }: World,
  ids: readonly string[],
  principalId: string,
  group: string | null,
): 'yes' | 'no' | 'cannot-tell' {
  if (ids.some((id) => id === everyone || id === principalId || id === group)) return 'yes';
  const groups = ids.map((id) => posture.groups[id]);
  if (groups.some((members) => members?.outcome === 'seen' && members.value.includes(principalId))) return 'yes';
  const unknown = groups.some((members) => members?.outcome === 'not-seen' && members.because !== 'not-there');
  return unknown ? 'cannot-tell' : 'no';
}

function deniesHere({ scope, doNotApplyToChildScopes }: DenyAssignment, world: World): boolean {
  const resource = resourceOf(world);
  return doNotApplyToChildScopes ? scope === resource : covers(scope, resource);
}

function reaches({ scope }: RoleAssignment, world: World): boolean {
  return covers(scope, resourceOf(world));
}

function resourceOf({ vaultId, secret }: World): string {
  return secretScope({ resourceId: vaultId }, secret);
}

/** A scope covers itself and what is below it. The lists hold of management groups only those above the subscription. */
function covers(scope: string, resource: string): boolean {
  if (scope === '/' || scope.startsWith('/providers/microsoft.management/managementgroups/')) return true;
  return resource === scope || resource.startsWith(`${scope}/`);
}

function reachOf(scope: string, vaultId: string): ReaderGrant['reach'] {
  if (scope === vaultId) return 'vault';
  return scope.startsWith(`${vaultId}/`) ? 'secret' : 'above-vault';
}

function roleOf({ roles }: SubscriptionPosture, name: string): RoleDefinition | null {
  return (roles.outcome === 'seen' ? roles.value.find((role) => role.name === name) : undefined) ?? null;
}

function byPrincipal(granted: readonly Granted[]): readonly EffectiveReader[] {
  const rank = ({ verdict }: { readonly verdict: ReaderVerdict }) => readerVerdicts.indexOf(verdict);
  return [...Map.groupBy(granted, ({ principalId }) => principalId)].map(([principalId, ways]) => {
    const grants = ways.map(({ grant }) => grant).sort((one, other) => rank(one) - rank(other));
    return { principalId, verdict: grants[0]?.verdict ?? 'cannot-tell', grants };
  });
}
