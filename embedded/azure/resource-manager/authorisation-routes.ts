import type { LoopbackAnswer, LoopbackRequest } from '../../loopback-server.ts';
import {
  assignmentId,
  type Authorisation,
  covers,
  type PrincipalType,
  type RoleAssignment,
} from '../authorisation/authorisation.ts';
import { azureIds } from '../azure-ids.ts';
import type { Principal } from '../identity/managed-identity.ts';
import { armError, armPage } from './arm-answer.ts';

export interface AuthorisationCall {
  readonly request: LoopbackRequest;
  readonly url: string;
  readonly authorisation: Authorisation;
  readonly caller: Principal;
  /** What stands before `/providers/Microsoft.Authorization`. */
  readonly scope: string;
  /** What follows it: `roleAssignments`, or `roleAssignments/NAME`. */
  readonly collection: string;
  readonly name: string | null;
}

/** Answers below `{scope}/providers/Microsoft.Authorization`; `null` if there is no such route. */
export function answerAuthorisation(call: AuthorisationCall): LoopbackAnswer | null {
  const { request, url, authorisation, scope, collection, name } = call;
  if (request.method !== 'GET') return collection === 'roleassignments' ? changeAssignment(call) : null;
  if (name !== null) return null;
  // Without a filter a list holds what is assigned at, above and below the scope.
  const near = (one: { readonly scope: string }) => covers(one.scope, scope) || covers(scope, one.scope);
  const seen = authorisation.assignments().filter(near);
  switch (collection) {
    case 'roleassignments':
      return armPage(request, url, seen.filter(({ state }) => state === 'active').map(showAssignment));
    case 'roledefinitions':
      return armPage(request, url, showRoles(authorisation));
    case 'denyassignments':
      return armPage(request, url, showDenials(authorisation, near));
    case 'roleassignmentscheduleinstances':
      return armPage(request, url, seen.filter(({ state }) => state === 'active').map(showSchedule));
    case 'roleeligibilityscheduleinstances':
      return armPage(request, url, seen.filter(({ state }) => state === 'eligible').map(showSchedule));
    default:
      return null;
  }
}

function changeAssignment({ request, authorisation, caller, scope, name }: AuthorisationCall): LoopbackAnswer | null {
  if (name === null) return null;
  if (request.method === 'DELETE') {
    const known = authorisation.assignments().find((one) => one.name === name);
    authorisation.unassign(name, caller.name);
    return known === undefined ? { status: 204 } : { status: 200, body: showAssignment(known) };
  }
  if (request.method !== 'PUT') return null;
  const { properties } = JSON.parse(request.body) as {
    readonly properties: {
      readonly roleDefinitionId: string;
      readonly principalId: string;
      readonly principalType?: PrincipalType;
    };
  };
  const role = properties.roleDefinitionId.split('/').at(-1) ?? '';
  if (!authorisation.roles().some((one) => one.name === role)) {
    return armError(400, 'RoleDefinitionDoesNotExist', 'The specified role definition does not exist.');
  }
  const { principalId, principalType = 'ServicePrincipal' } = properties;
  const same = authorisation
    .assignments()
    .find((one) => one.role === role && one.principalId === principalId && one.scope === scope && one.name !== name);
  if (same !== undefined) return armError(409, 'RoleAssignmentExists', 'The role assignment already exists.');
  const assignment = authorisation.assign({ name, role, scope, principalId, principalType }, caller.name);
  return { status: 201, body: showAssignment(assignment) };
}

function showAssignment(assignment: RoleAssignment): object {
  const { name, scope, role, principalId, principalType, condition, createdOn } = assignment;
  return {
    properties: {
      roleDefinitionId: roleId(role),
      principalId,
      principalType,
      scope,
      condition,
      conditionVersion: condition === null ? null : '2.0',
      createdOn,
      updatedOn: createdOn,
      createdBy: null,
      updatedBy: null,
      delegatedManagedIdentityResourceId: null,
      description: null,
    },
    id: assignmentId(assignment),
    type: 'Microsoft.Authorization/roleAssignments',
    name,
  };
}

function showSchedule(assignment: RoleAssignment): object {
  const { name, scope, role, principalId, principalType, condition, createdOn, endsOn, state } = assignment;
  const isActive = state === 'active';
  const type = isActive ? 'roleAssignmentScheduleInstances' : 'roleEligibilityScheduleInstances';
  return {
    properties: {
      ...(isActive ? { originRoleAssignmentId: assignmentId(assignment), assignmentType: 'Assigned' } : {}),
      scope,
      roleDefinitionId: roleId(role),
      principalId,
      principalType,
      status: 'Accepted',
      startDateTime: createdOn,
      endDateTime: endsOn,
      memberType: 'Direct',
      condition,
      createdOn,
    },
    name,
    id: `${scope}/providers/Microsoft.Authorization/${type}/${name}`,
    type: `Microsoft.Authorization/${type}`,
  };
}

function showRoles(authorisation: Authorisation): readonly object[] {
  return authorisation.roles().map(({ name, roleName, type, permissions, assignableScopes }) => ({
    properties: { roleName, type, description: roleName, assignableScopes, permissions },
    id: roleId(name),
    type: 'Microsoft.Authorization/roleDefinitions',
    name,
  }));
}

function showDenials(
  authorisation: Authorisation,
  near: (one: { readonly scope: string }) => boolean,
): readonly object[] {
  const who = (id: string) => ({ id, type: /^[0-]+$/.test(id) ? 'SystemDefined' : 'ServicePrincipal' });
  return authorisation
    .denials()
    .filter(near)
    .map(({ name, scope, permissions, principals, excludePrincipals, doNotApplyToChildScopes }) => ({
      properties: {
        denyAssignmentName: name,
        description: null,
        permissions: [permissions],
        scope,
        doNotApplyToChildScopes,
        principals: principals.map(who),
        excludePrincipals: excludePrincipals.map(who),
        isSystemProtected: true,
      },
      id: `${scope}/providers/Microsoft.Authorization/denyAssignments/${name}`,
      type: 'Microsoft.Authorization/denyAssignments',
      name,
    }));
}

function roleId(role: string): string {
  return `/subscriptions/${azureIds.subscription}/providers/Microsoft.Authorization/roleDefinitions/${role}`;
}
