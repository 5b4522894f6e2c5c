import { z } from 'zod';
import type { AccessChange, DenyAssignment, RoleAssignment, RoleDefinition } from '../../audit/model/posture.ts';
import { refuse } from './cloud-reader.ts';

const lower = z.string().transform((text) => text.toLowerCase());
const actions = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? []);
const permissions = z.object({ actions, notActions: actions, dataActions: actions, notDataActions: actions });
const condition = z
  .string()
  .nullish()
  .transform((text) => text ?? null);
const role = lower.transform(lastSegment);

const roleDefinition = z.object({
  name: lower,
  properties: z.object({ roleName: z.string(), permissions: z.array(permissions) }),
});

const roleAssignment = z.object({
  id: lower,
  properties: z.object({
    scope: lower,
    roleDefinitionId: role,
    principalId: lower,
    principalType: z.string().nullish(),
    condition,
    createdOn: z.string().nullish(),
  }),
});

const schedule = z.object({
  id: lower,
  properties: z.object({
    scope: lower,
    roleDefinitionId: role,
    principalId: lower,
    principalType: z.string().nullish(),
    condition,
    originRoleAssignmentId: lower.nullish(),
    endDateTime: z.string().nullish(),
    createdOn: z.string().nullish(),
  }),
});

const principals = z
  .array(z.object({ id: lower }))
  .nullish()
  .transform((list) => (list ?? []).map(({ id }) => id));

const denyAssignment = z.object({
  id: lower,
  properties: z.object({
    scope: lower,
    permissions: z.array(permissions),
    principals,
    excludePrincipals: principals,
    doNotApplyToChildScopes: z.boolean().nullish(),
    condition,
  }),
});

const activity = z.object({
  eventTimestamp: z.string(),
  operationName: z.object({ value: lower }),
  status: z.object({ value: z.string() }),
  resourceId: lower.nullish(),
  caller: z.string().nullish(),
});

/** Role definitions. Source: Microsoft.Authorization 2022-04-01, `RoleDefinitionListResult`. */
export function parseRoles(entries: readonly unknown[]): readonly RoleDefinition[] {
  return parsed(roleDefinition, entries).map(({ name, properties }) => ({ name, ...properties }));
}

/**
 * Role assignments, with the end that a schedule sets.
 * Source: Microsoft.Authorization 2022-04-01, `RoleAssignmentListResult`; 2020-10-01, `RoleAssignmentScheduleInstance`.
 */
export function parseAssignments(
  entries: readonly unknown[],
  schedules: readonly unknown[],
): readonly RoleAssignment[] {
  const ends = new Map(
    parsed(schedule, schedules).map(({ properties }) => [
      properties.originRoleAssignmentId ?? '',
      properties.endDateTime ?? null,
    ]),
  );
  return parsed(roleAssignment, entries).map(({ id, properties }) => ({
    id,
    scope: properties.scope,
    role: properties.roleDefinitionId,
    principalId: properties.principalId,
    principalType: properties.principalType ?? 'Unknown',
    condition: properties.condition,
    createdAt: properties.createdOn ?? null,
    endsAt: ends.get(id) ?? null,
  }));
}

/** Eligibilities. Source: Microsoft.Authorization 2020-10-01, `RoleEligibilityScheduleInstance`. */
export function parseEligibilities(entries: readonly unknown[]): readonly RoleAssignment[] {
  return parsed(schedule, entries).map(({ id, properties }) => ({
    id,
    scope: properties.scope,
    role: properties.roleDefinitionId,
    principalId: properties.principalId,
    principalType: properties.principalType ?? 'Unknown',
    condition: properties.condition,
    createdAt: properties.createdOn ?? null,
    endsAt: properties.endDateTime ?? null,
  }));
}

/** Deny assignments. Source: Microsoft.Authorization 2022-04-01, `DenyAssignmentListResult`. */
export function parseDenials(entries: readonly unknown[]): readonly DenyAssignment[] {
  return parsed(denyAssignment, entries).map(({ id, properties }) => ({
    id,
    ...properties,
    doNotApplyToChildScopes: properties.doNotApplyToChildScopes ?? false,
  }));
}

const watched = [
  'microsoft.authorization/roleassignments/',
  'microsoft.keyvault/vaults/',
  'microsoft.insights/diagnosticsettings/',
];

/** Changes that succeeded, of grants, vaults and their logs, ascending. Source: Microsoft.Insights 2015-04-01, `EventData`. */
export function parseChanges(entries: readonly unknown[]): readonly AccessChange[] {
  return parsed(activity, entries)
    .filter(({ status, operationName }) => {
      const { value } = operationName;
      return status.value === 'Succeeded' && watched.some((start) => value.startsWith(start));
    })
    .map(({ eventTimestamp, operationName, resourceId, caller }) => ({
      at: eventTimestamp,
      operation: operationName.value,
      resourceId: resourceId ?? '',
      caller: caller ?? null,
    }))
    .sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
}

function parsed<Entry extends z.ZodType>(shape: Entry, entries: readonly unknown[]): z.infer<Entry>[] {
  const result = z.array(shape).safeParse(entries);
  return result.success ? result.data : refuse('unreadable', result.error);
}

function lastSegment(id: string): string {
  return id.split('/').at(-1) ?? '';
}
