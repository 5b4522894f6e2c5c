import type {
  Posture,
  RoleAssignment,
  Seen,
  SubscriptionPosture,
  VaultPosture,
  WorkspaceTable,
} from '../../audit/model/posture.ts';
import type { PostureSource } from '../../audit/posture/posture-source.ts';
import { dayMs, hourMs } from '../../secrets/duration.ts';
import type { Vault } from '../../secrets/secret-reference.ts';
import { type CloudReader, cloudReader, type CloudService, refuse, seen } from './cloud-reader.ts';
import { parseAssignments, parseChanges, parseDenials, parseEligibilities, parseRoles } from './parse-authorisation.ts';
import {
  findWorkspace,
  parseDiagnosticSettings,
  parseIds,
  parseMembers,
  parseRequests,
  parseTable,
  parseVault,
} from './parse-resources.ts';

interface PostureQuestion {
  readonly resourceManager: CloudService;
  readonly graph: CloudService;
  readonly vaults: readonly Vault[];
  /** The vault in which pending values wait; `null`: in the vault of each secret. */
  readonly stagingVault: Vault | null;
  /** Customer id of the workspace; `null` if the settings name none. */
  readonly workspaceId: string | null;
}

const authorisation = 'providers/Microsoft.Authorization';
const metricWindowMs = 24 * hourMs;
const tables = ['AZKVAuditLogs', 'AzureDiagnostics'];

/** Looks through Azure Resource Manager and Microsoft Graph, with GET requests alone. */
export function azurePostureSource(question: PostureQuestion): PostureSource {
  const { resourceManager, graph, stagingVault, workspaceId } = question;
  const vaults = stagingVault === null ? question.vaults : [...question.vaults, stagingVault];
  const isStaging = (vault: Vault) => stagingVault === null || vault === stagingVault;
  return {
    async look(now): Promise<Posture> {
      const [arm, directory] = [cloudReader(resourceManager), cloudReader(graph)];
      const vaultPostures: VaultPosture[] = [];
      for (const vault of vaults) {
        vaultPostures.push({ ...(await lookAtVault(arm, vault, now)), staging: isStaging(vault) });
      }
      const ids = vaults.flatMap(({ resourceId }) => (resourceId === null ? [] : [resourceId]));
      const subscriptions: SubscriptionPosture[] = [];
      for (const subscription of new Set(ids.map(subscriptionOf))) {
        const within = ids.filter((id) => subscriptionOf(id) === subscription);
        subscriptions.push(await lookAtSubscription(arm, subscription, within, now));
      }
      const groups: Record<string, Seen<readonly string[]>> = {};
      for (const group of groupsToResolve(vaultPostures, subscriptions)) {
        groups[group] = await seen(async () =>
          parseMembers(await directory.list(`/v1.0/groups/${group}/transitiveMembers?$select=id`)),
        );
      }
      const names = subscriptions.map(({ subscription }) => subscription);
      const workspaceTables = await lookAtWorkspace(arm, names, workspaceId);
      return {
        at: now.toISOString(),
        vaults: vaultPostures,
        subscriptions,
        groups,
        workspaceTables,
        answers: [...arm.answers, ...directory.answers],
      };
    },
  };
}

async function lookAtVault(
  arm: CloudReader,
  { name, resourceId }: Vault,
  now: Date,
): Promise<Omit<VaultPosture, 'staging'>> {
  if (resourceId === null) {
    const unknown = { outcome: 'not-seen', because: 'not-configured' } as const;
    return { vault: name, resourceId, setup: unknown, diagnosticSettings: unknown, requests: unknown };
  }
  const to = new Date(now.getTime() - (now.getTime() % hourMs));
  const from = new Date(to.getTime() - metricWindowMs);
  const timespan = `${from.toISOString()}/${to.toISOString()}`;
  const metric = `metricnames=ServiceApiHit&aggregation=Count&interval=PT1H&timespan=${timespan}`;
  return {
    vault: name,
    resourceId,
    setup: await seen(async () => parseVault(await arm.get(`${resourceId}?api-version=2023-07-01`))),
    diagnosticSettings: await seen(async () =>
      parseDiagnosticSettings(
        await arm.list(`${resourceId}/providers/Microsoft.Insights/diagnosticSettings?api-version=2021-05-01-preview`),
      ),
    ),
    requests: await seen(async () =>
      parseRequests(
        await arm.get(`${resourceId}/providers/Microsoft.Insights/metrics?api-version=2023-10-01&${metric}`),
      ),
    ),
  };
}

async function lookAtSubscription(
  arm: CloudReader,
  subscription: string,
  vaultIds: readonly string[],
  now: Date,
): Promise<SubscriptionPosture> {
  const scope = `/subscriptions/${subscription}`;
  const list = async (what: string, version: string) =>
    await arm.list(`${scope}/${authorisation}/${what}?api-version=${version}`);
  const concerns = (one: { readonly scope: string }) => vaultIds.some((id) => isNear(one.scope, id));
  // Without Entra ID P2 there are no schedules, and their list is refused; assignments then end only when removed.
  const schedules = await seen(async () => await list('roleAssignmentScheduleInstances', '2020-10-01'));
  const scheduled = schedules.outcome === 'seen' ? schedules.value : [];
  const assignments = await seen(async () =>
    parseAssignments(await list('roleAssignments', '2022-04-01'), scheduled).filter(concerns),
  );
  const eligible = await seen(async () =>
    parseEligibilities(await list('roleEligibilityScheduleInstances', '2020-10-01')).filter(concerns),
  );
  const used = new Set([...valuesOf(assignments), ...valuesOf(eligible)].map(({ role }) => role));
  const since = new Date(now.getTime() - 2 * dayMs).toISOString();
  const filter = `eventTimestamp ge '${since}' and eventTimestamp le '${now.toISOString()}'`;
  const activities = `${scope}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01`;
  return {
    subscription,
    roles: await seen(async () =>
      parseRoles(await list('roleDefinitions', '2022-04-01')).filter(({ name }) => used.has(name)),
    ),
    assignments,
    eligible,
    denials: await seen(async () => parseDenials(await list('denyAssignments', '2022-04-01')).filter(concerns)),
    vaults: await seen(async () =>
      parseIds(await arm.list(`${scope}/providers/Microsoft.KeyVault/vaults?api-version=2023-07-01`)),
    ),
    changes: await seen(async () =>
      parseChanges(await arm.list(`${activities}&$filter=${encodeURIComponent(filter)}`)).filter(({ resourceId }) =>
        concerns({ scope: changedScope(resourceId) }),
      ),
    ),
  };
}

async function lookAtWorkspace(
  arm: CloudReader,
  subscriptions: readonly string[],
  workspaceId: string | null,
): Promise<Seen<readonly WorkspaceTable[]>> {
  if (workspaceId === null) return { outcome: 'not-seen', because: 'not-configured' };
  const kind = 'providers/Microsoft.OperationalInsights/workspaces?api-version=2022-10-01';
  return await seen(async () => {
    for (const subscription of subscriptions) {
      const workspace = findWorkspace(await arm.list(`/subscriptions/${subscription}/${kind}`), workspaceId);
      if (workspace === null) continue;
      const found: WorkspaceTable[] = [];
      for (const name of tables) {
        const path = `${workspace}/tables/${name}?api-version=2022-10-01`;
        const table = await seen(async () => parseTable(await arm.get(path)));
        if (table.outcome === 'seen') found.push(table.value);
        // A workspace has one of the two tables, or both.
        else if (table.because !== 'not-there') refuse(table.because);
      }
      return found;
    }
    // It lies in a subscription that holds none of the vaults.
    return refuse('not-there');
  });
}

/** Ids that a grant names and that may be groups: an access policy does not say what its object is. */
function groupsToResolve(
  vaults: readonly VaultPosture[],
  subscriptions: readonly SubscriptionPosture[],
): ReadonlySet<string> {
  const groups = new Set<string>();
  for (const { assignments, eligible, denials } of subscriptions) {
    for (const one of [...valuesOf(assignments), ...valuesOf(eligible)]) {
      if (/group/i.test(one.principalType)) groups.add(one.principalId);
    }
    for (const { principals, excludePrincipals } of denials.outcome === 'seen' ? denials.value : []) {
      for (const id of [...principals, ...excludePrincipals]) if (!/^[0-]+$/.test(id)) groups.add(id);
    }
  }
  for (const { setup } of vaults) {
    if (setup.outcome !== 'seen' || setup.value.usesRoles) continue;
    for (const { objectId } of setup.value.accessPolicies) groups.add(objectId);
  }
  return groups;
}

/** The resource that an assignment or a setting is on: what stands before the provider of the extension. */
function changedScope(resourceId: string): string {
  return resourceId.replace(/\/providers\/microsoft\.(?:authorization|insights)\/.*$/, '') || '/';
}

/** Whether a scope is the vault's own, above it (the root and management groups are) or in it. */
function isNear(scope: string, vaultId: string): boolean {
  if (scope === '/' || scope.startsWith('/providers/microsoft.management/managementgroups/')) return true;
  return vaultId === scope || vaultId.startsWith(`${scope}/`) || scope.startsWith(`${vaultId}/`);
}

function valuesOf(assignments: Seen<readonly RoleAssignment[]>): readonly RoleAssignment[] {
  return assignments.outcome === 'seen' ? assignments.value : [];
}

function subscriptionOf(resourceId: string): string {
  return resourceId.split('/')[2] ?? '';
}
