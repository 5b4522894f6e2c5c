import { z } from 'zod';
import type { DiagnosticSetting, VaultSetup, WorkspaceTable } from '../../audit/model/posture.ts';
import { refuse } from './cloud-reader.ts';

const lower = z.string().transform((text) => text.toLowerCase());
const on = z.boolean().nullish();

const vault = z.object({
  id: lower,
  properties: z.object({
    enableRbacAuthorization: on,
    enableSoftDelete: on,
    softDeleteRetentionInDays: z.number().nullish(),
    enablePurgeProtection: on,
    publicNetworkAccess: lower.nullish(),
    accessPolicies: z
      .array(
        z.object({
          objectId: lower,
          applicationId: lower.nullish(),
          permissions: z.object({ secrets: z.array(lower).nullish() }),
        }),
      )
      .nullish(),
    networkAcls: z
      .object({
        defaultAction: lower.nullish(),
        bypass: lower.nullish(),
        ipRules: z.array(z.object({ value: z.string() })).nullish(),
        virtualNetworkRules: z.array(z.unknown()).nullish(),
      })
      .nullish(),
  }),
});

/**
 * A vault's setup. Absent properties have Azure's defaults: access policies rather than roles, no purge protection, an
 * open firewall. Source: Microsoft.KeyVault 2023-07-01, `VaultProperties`.
 */
export function parseVault(body: unknown): VaultSetup {
  const { properties } = parsed(vault, body);
  const { accessPolicies, networkAcls } = properties;
  return {
    usesRoles: properties.enableRbacAuthorization ?? false,
    accessPolicies: (accessPolicies ?? []).map(({ objectId, applicationId, permissions }) => ({
      objectId,
      applicationId: applicationId ?? null,
      secrets: permissions.secrets ?? [],
    })),
    // Soft delete is on for every vault whose resource does not say otherwise.
    softDelete: properties.enableSoftDelete ?? true,
    softDeleteDays: properties.softDeleteRetentionInDays ?? null,
    purgeProtection: properties.enablePurgeProtection ?? false,
    publicAccess: properties.publicNetworkAccess !== 'disabled',
    firewall: {
      defaultAction: networkAcls?.defaultAction === 'deny' ? 'deny' : 'allow',
      azureServices: (networkAcls?.bypass ?? 'azureservices') === 'azureservices',
      addresses: (networkAcls?.ipRules ?? []).map(({ value }) => value),
      networks: (networkAcls?.virtualNetworkRules ?? []).length,
    },
  };
}

const identified = z.array(z.object({ id: lower }));

/** The lower-case ids of listed resources. */
export function parseIds(entries: readonly unknown[]): readonly string[] {
  return parsed(identified, entries).map(({ id }) => id);
}

const setting = z.array(
  z.object({
    name: z.string(),
    properties: z.object({
      workspaceId: lower.nullish(),
      storageAccountId: lower.nullish(),
      logs: z
        .array(z.object({ category: z.string().nullish(), categoryGroup: z.string().nullish(), enabled: z.boolean() }))
        .nullish(),
    }),
  }),
);

/** Diagnostic settings. Source: Microsoft.Insights 2021-05-01-preview, `DiagnosticSettingsResourceCollection`. */
export function parseDiagnosticSettings(entries: readonly unknown[]): readonly DiagnosticSetting[] {
  return parsed(setting, entries).map(({ name, properties }) => ({
    name,
    workspaceId: properties.workspaceId ?? null,
    storageAccountId: properties.storageAccountId ?? null,
    audits: (properties.logs ?? []).some(
      ({ category, categoryGroup, enabled }) =>
        enabled && (category === 'AuditEvent' || categoryGroup === 'audit' || categoryGroup === 'allLogs'),
    ),
  }));
}

const metrics = z.object({
  value: z.array(
    z.object({
      timeseries: z.array(
        z.object({ data: z.array(z.object({ timeStamp: z.string(), count: z.number().nullish() })) }),
      ),
    }),
  ),
});

/** Requests by hour, series added up. Source: Microsoft.Insights 2023-10-01, `Response` of `metrics`. */
export function parseRequests(body: unknown): readonly { hour: string; count: number }[] {
  const hours = new Map<string, number>();
  for (const { timeStamp, count } of parsed(metrics, body).value.flatMap((one) =>
    one.timeseries.flatMap((s) => s.data),
  )) {
    const at = Date.parse(timeStamp);
    if (Number.isNaN(at)) refuse('unreadable');
    const hour = `${new Date(at).toISOString().slice(0, 19)}Z`;
    hours.set(hour, (hours.get(hour) ?? 0) + (count ?? 0));
  }
  return [...hours].map(([hour, count]) => ({ hour, count }));
}

const workspaces = z.array(z.object({ id: lower, properties: z.object({ customerId: lower.nullish() }) }));

/** Resource id of the workspace with this customer id; `null` if it is not in the list. */
export function findWorkspace(entries: readonly unknown[], customerId: string): string | null {
  const found = parsed(workspaces, entries).find(
    ({ properties }) => properties.customerId === customerId.toLowerCase(),
  );
  return found?.id ?? null;
}

const table = z.object({
  name: z.string(),
  properties: z.object({
    plan: z.string(),
    retentionInDays: z.number().nullish(),
    totalRetentionInDays: z.number().nullish(),
  }),
});

/** A table's plan and retention. Source: Microsoft.OperationalInsights 2022-10-01, `Table`. */
export function parseTable(body: unknown): WorkspaceTable {
  const { name, properties } = parsed(table, body);
  const retentionDays = properties.retentionInDays ?? 0;
  return {
    table: name,
    plan: properties.plan,
    retentionDays,
    totalRetentionDays: properties.totalRetentionInDays ?? retentionDays,
  };
}

const members = z.array(z.object({ '@odata.type': z.string().nullish(), id: lower }));

/** Object ids of a group's members, without the groups among them. Source: Microsoft Graph v1.0, `directoryObject`. */
export function parseMembers(entries: readonly unknown[]): readonly string[] {
  return parsed(members, entries)
    .filter((member) => member['@odata.type'] !== '#microsoft.graph.group')
    .map(({ id }) => id);
}

function parsed<Shape extends z.ZodType>(shape: Shape, value: unknown): z.infer<Shape> {
  const result = shape.safeParse(value);
  return result.success ? result.data : refuse('unreadable', result.error);
}
