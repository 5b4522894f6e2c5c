import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { Directory } from '../identity/directory.ts';
import {
  builtInRoles,
  customRole,
  includes,
  type Permissions,
  type RoleDefinition,
  withDefaults,
} from './role-definition.ts';

export type PrincipalType = 'User' | 'Group' | 'ServicePrincipal';

export interface RoleAssignment {
  /** The GUID that log rows name as `AppliedAssignmentId`. */
  readonly name: string;
  readonly scope: string;
  /** The GUID of the role. */
  readonly role: string;
  readonly principalId: string;
  readonly principalType: PrincipalType;
  /** This double evaluates no condition: a conditional assignment allows nothing here, and is listed. */
  readonly condition: string | null;
  readonly createdOn: string;
  /** When it ends by itself; `null` for one that stays. */
  readonly endsOn: string | null;
  /** `eligible`: it allows nothing until its principal activates it. */
  readonly state: 'active' | 'eligible';
}

interface DenyAssignment {
  readonly name: string;
  readonly scope: string;
  readonly permissions: Permissions;
  /** Object ids; the null GUID is everyone. */
  readonly principals: readonly string[];
  readonly excludePrincipals: readonly string[];
  readonly doNotApplyToChildScopes: boolean;
}

/** One entry of the activity log. */
interface Activity {
  readonly at: string;
  readonly operation: string;
  readonly resourceId: string;
  readonly caller: string;
}

const everyone = '00000000-0000-0000-0000-000000000000';

/** Who may do what in the embedded subscription: Resource Manager and the vault judge by it alike. */
export interface Authorisation {
  /** Makes a custom role and returns its GUID; the same permissions give the same role. */
  defineRole(roleName: string, permissions: Partial<Permissions>): string;
  assign(
    assignment: Pick<RoleAssignment, 'scope' | 'role' | 'principalId' | 'principalType'> & Partial<RoleAssignment>,
    caller?: string,
  ): RoleAssignment;
  /** Returns whether there was one. */
  unassign(name: string, caller?: string): boolean;
  deny(assignment: Partial<Omit<DenyAssignment, 'permissions'>> & { readonly permissions: Partial<Permissions> }): void;
  roles(): readonly RoleDefinition[];
  assignments(): readonly RoleAssignment[];
  denials(): readonly DenyAssignment[];
  activities(): readonly Activity[];
  /** Adds an entry to the activity log, as for a change of another resource. */
  note(operation: string, resourceId: string, caller?: string): void;
  /** The assignment that allows the action on the resource; `null` if none does or one denies it. */
  allow(principalId: string, plane: 'control' | 'data', action: string, resource: string): RoleAssignment | null;
}

const administrator = 'administrator@example.org';

export function createAuthorisation({ clock, directory }: { clock: Clock; directory: Directory }): Authorisation {
  const roles: RoleDefinition[] = [...builtInRoles];
  let assignments: readonly RoleAssignment[] = [];
  const denials: DenyAssignment[] = [];
  const activities: Activity[] = [];
  const note = (operation: string, resourceId: string, caller = administrator) => {
    activities.push({ at: clock.now().toISOString(), operation, resourceId, caller });
  };
  return {
    defineRole(roleName, permissions) {
      const known = roles.find((role) => role.roleName === roleName);
      if (known !== undefined) return known.name;
      const role = customRole(randomUUID(), roleName, permissions);
      roles.push(role);
      return role.name;
    },
    assign(wanted, caller) {
      const assignment: RoleAssignment = {
        condition: null,
        endsOn: null,
        state: 'active',
        ...wanted,
        name: wanted.name ?? randomUUID(),
        createdOn: clock.now().toISOString(),
      };
      assignments = [...assignments.filter(({ name }) => name !== assignment.name), assignment];
      note('Microsoft.Authorization/roleAssignments/write', assignmentId(assignment), caller);
      return assignment;
    },
    unassign(name, caller) {
      const known = assignments.find((one) => one.name === name);
      if (known === undefined) return false;
      assignments = assignments.filter((one) => one !== known);
      note('Microsoft.Authorization/roleAssignments/delete', assignmentId(known), caller);
      return true;
    },
    deny({ permissions, ...denial }) {
      denials.push({
        name: randomUUID(),
        scope: '/',
        principals: [everyone],
        excludePrincipals: [],
        doNotApplyToChildScopes: false,
        ...denial,
        permissions: withDefaults(permissions),
      });
    },
    roles: () => [...roles],
    assignments: () => assignments,
    denials: () => [...denials],
    activities: () => [...activities],
    note,
    allow(principalId, plane, action, resource) {
      const asked = { own: [principalId, ...directory.groupsOf(principalId)], plane, action, resource };
      if (denials.some((denial) => isDenied(denial, asked))) return null;
      const active = assignments.filter(
        ({ condition, state, endsOn }) =>
          condition === null && state === 'active' && (endsOn === null || Date.parse(endsOn) > clock.now().getTime()),
      );
      return active.find((one) => isAllowed(one, roles, asked)) ?? null;
    },
  };
}

interface Asked {
  /** The principal and its groups. */
  readonly own: readonly string[];
  readonly plane: 'control' | 'data';
  readonly action: string;
  readonly resource: string;
}

function isDenied(denial: DenyAssignment, { own, plane, action, resource }: Asked): boolean {
  const applies = denial.doNotApplyToChildScopes
    ? denial.scope.toLowerCase() === resource.toLowerCase()
    : covers(denial.scope, resource);
  return (
    applies &&
    includes(denial.permissions, plane, action) &&
    denial.principals.some((id) => id === everyone || own.includes(id)) &&
    !denial.excludePrincipals.some((id) => own.includes(id))
  );
}

function isAllowed(
  { principalId, scope, role }: RoleAssignment,
  roles: readonly RoleDefinition[],
  { own, plane, action, resource }: Asked,
): boolean {
  const definition = roles.find(({ name }) => name === role);
  return (
    own.includes(principalId) &&
    covers(scope, resource) &&
    (definition?.permissions ?? []).some((permissions) => includes(permissions, plane, action))
  );
}

export function assignmentId({ scope, name }: Pick<RoleAssignment, 'scope' | 'name'>): string {
  return `${scope === '/' ? '' : scope}/providers/Microsoft.Authorization/roleAssignments/${name}`;
}

/** A scope covers itself and everything below; the root and management groups cover the subscription. */
export function covers(scope: string, resource: string): boolean {
  const above = scope.toLowerCase();
  const below = resource.toLowerCase();
  if (above === '/' || above.startsWith('/providers/microsoft.management/managementgroups/')) return true;
  return below === above || below.startsWith(`${above}/`);
}
