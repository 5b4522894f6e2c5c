import type { Clock } from '../../clock.ts';
import { type LoopbackAnswer, type LoopbackRequest, startLoopbackServer } from '../../loopback-server.ts';
import type { Authorisation } from '../authorisation/authorisation.ts';
import { azureIds } from '../azure-ids.ts';
import type { IdentityRegister } from '../identity/identity-register.ts';
import type { Principal } from '../identity/managed-identity.ts';
import type { EmbeddedKeyVault } from '../vault/key-vault.ts';
import { armError, armPage } from './arm-answer.ts';
import { answerAuthorisation } from './authorisation-routes.ts';
import type { EmbeddedResourceManager, TableRetention } from './resource-manager.ts';
import { diagnosticSettings, otherVaultResource, requestMetric, vaultResource } from './vault-resource.ts';

const subscription = `/subscriptions/${azureIds.subscription}`;

/** Starts Azure Resource Manager over http on localhost. */
export async function startResourceManager(options: {
  readonly clock: Clock;
  readonly register: IdentityRegister;
  readonly authorisation: Authorisation;
  readonly vault: EmbeddedKeyVault;
  /** Whom a token must be for; the public cloud's name when absent. */
  readonly audience?: string;
  readonly port?: number;
}): Promise<EmbeddedResourceManager & { stop(): Promise<void> }> {
  const { register, authorisation, vault, audience = 'https://management.azure.com' } = options;
  const retention: TableRetention = { plan: 'Analytics', retentionInDays: 90, totalRetentionInDays: 400 };
  const tables = new Map(['AZKVAuditLogs', 'AzureDiagnostics'].map((table) => [table, retention]));
  const otherVaults: string[] = [];
  let failure = { status: 0, times: 0 };
  const server = await startLoopbackServer({
    clock: options.clock,
    ...(options.port === undefined ? {} : { port: options.port }),
    answer(request) {
      const token = /^bearer (.+)$/i.exec(request.headers['authorization'] ?? '')?.[1];
      const known = token === undefined ? null : register.lookUp(token);
      if (known?.audience !== audience) {
        return armError(
          401,
          'AuthenticationFailed',
          'Authentication failed. The token is missing or not for this audience.',
        );
      }
      if (failure.times > 0) {
        failure = { ...failure, times: failure.times - 1 };
        return armError(failure.status, 'ServerError', 'The request was not served.');
      }
      if (!request.url.searchParams.has('api-version')) {
        return armError(400, 'MissingApiVersionParameter', 'The api-version query parameter is required.');
      }
      const world = { authorisation, vault, tables, otherVaults, url: `http://localhost:${server.port}` };
      return answer(request, known.principal, world);
    },
  });
  return {
    url: `http://localhost:${server.port}`,
    authorisation,
    tables,
    otherVaults,
    failNext(status, times) {
      failure = { status, times };
    },
    stop: () => server.stop(),
  };
}

interface World extends Pick<EmbeddedResourceManager, 'authorisation' | 'tables' | 'otherVaults' | 'url'> {
  readonly vault: EmbeddedKeyVault;
}

const verbs: Readonly<Record<string, string>> = { GET: 'read', PUT: 'write', DELETE: 'delete' };

function answer(request: LoopbackRequest, caller: Principal, world: World): LoopbackAnswer {
  const path = decodeURIComponent(request.url.pathname);
  const [, scope = '', namespace = '', type = '', rest = ''] =
    /^(.*)\/providers\/([^/]+)\/([^/]+)(?:\/(.*))?$/.exec(path) ?? [];
  const action = `${namespace}/${type}/${verbs[request.method] ?? 'action'}`;
  const resource = namespace.toLowerCase() === 'microsoft.authorization' ? scope : path;
  if (world.authorisation.allow(caller.objectId, 'control', action, resource || '/') === null) {
    const who = `The client '${caller.clientId}' with object id '${caller.objectId}'`;
    const what = `does not have authorization to perform action '${action}' over scope '${resource}'`;
    return armError(403, 'AuthorizationFailed', `${who} ${what} or the scope is invalid.`);
  }
  const found =
    namespace.toLowerCase() === 'microsoft.authorization'
      ? answerAuthorisation({
          ...world,
          request,
          caller,
          scope,
          collection: type.toLowerCase(),
          name: rest === '' ? null : rest,
        })
      : answerResource(request, path.toLowerCase(), world);
  return found ?? armError(404, 'ResourceNotFound', `The resource '${path}' was not found.`);
}

function answerResource(request: LoopbackRequest, path: string, world: World): LoopbackAnswer | null {
  const { vault, tables, otherVaults, authorisation, url } = world;
  if (request.method !== 'GET') return null;
  const workspace = azureIds.workspaceResource;
  const table = [...tables].find(([name]) => path === `${workspace}/tables/${name}`.toLowerCase());
  if (table !== undefined) return { status: 200, body: tableResource(...table) };
  switch (path) {
    case `${subscription}/providers/microsoft.keyvault/vaults`:
      return armPage(request, url, [vaultResource(vault), ...otherVaults.map(otherVaultResource)]);
    case vault.resourceId:
      return { status: 200, body: vaultResource(vault) };
    case `${vault.resourceId}/providers/microsoft.insights/diagnosticsettings`:
      return { status: 200, body: { value: diagnosticSettings(vault) } };
    case `${vault.resourceId}/providers/microsoft.insights/metrics`:
      return { status: 200, body: requestMetric(vault, request.url.searchParams.get('timespan') ?? '') };
    case `${subscription}/providers/microsoft.operationalinsights/workspaces`:
      return armPage(request, url, [workspaceResource()]);
    case `${subscription}/providers/microsoft.insights/eventtypes/management/values`:
      return armPage(request, url, activities(request, authorisation));
    default:
      return null;
  }
}

function workspaceResource(): object {
  return {
    id: azureIds.workspaceResource,
    name: 'keyturn-embedded',
    type: 'Microsoft.OperationalInsights/workspaces',
    location: 'westeurope',
    properties: { customerId: azureIds.workspace, provisioningState: 'Succeeded', retentionInDays: 90 },
  };
}

function tableResource(name: string, retention: TableRetention): object {
  return {
    id: `${azureIds.workspaceResource}/tables/${name}`,
    name,
    type: 'Microsoft.OperationalInsights/workspaces/tables',
    properties: {
      ...retention,
      archiveRetentionInDays: retention.totalRetentionInDays - retention.retentionInDays,
      provisioningState: 'Succeeded',
      schema: { name, tableType: 'Microsoft', tableSubType: 'DataTypeBased' },
    },
  };
}

/** Entries within `eventTimestamp ge 'A' and eventTimestamp le 'B'`, newest first, as the service lists them. */
function activities(request: LoopbackRequest, authorisation: Authorisation): readonly object[] {
  const [from = '', to = ''] = [...(request.url.searchParams.get('$filter') ?? '').matchAll(/'([^']*)'/g)].map(
    ([, time = '']) => time,
  );
  return authorisation
    .activities()
    .filter(({ at }) => Date.parse(at) >= Date.parse(from) && Date.parse(at) <= Date.parse(to))
    .toReversed()
    .map(({ at, operation, resourceId, caller }, index) => ({
      eventTimestamp: at,
      eventDataId: `${at}-${String(index)}`,
      caller,
      operationName: { value: operation, localizedValue: operation },
      category: { value: 'Administrative', localizedValue: 'Administrative' },
      status: { value: 'Succeeded', localizedValue: 'Succeeded' },
      resourceId,
      subscriptionId: azureIds.subscription,
      tenantId: azureIds.tenant,
    }));
}
