import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { EmbeddedCloud } from '../../embedded/embedded-cloud.ts';
import { startEmbeddedCloud } from '../../embedded/start-embedded-cloud.ts';
import { composeKeyturn } from '../../src/compose.ts';
import { azureClouds } from '../../src/secrets/azure-cloud.ts';

const cloudUnderTest = azureClouds['us-government'];
const storageAccount = `/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/shopfiles`;

let cloud: EmbeddedCloud;
let directory: string;
/** Hosts that were asked, by any client; and the programs that asked the log. */
const asked = new Set<string>();
const logClients = new Set<string>();

type Options = https.RequestOptions & { readonly hostname: string };

/** Sends what Azure's clients address to names of a cloud to the embedded one; any other name is an error. */
function route(options: Options): Options & { readonly plain: boolean } {
  asked.add(options.hostname);
  const to = (url: string, ca?: string) => {
    const { port, protocol } = new URL(url);
    return { ...options, hostname: 'localhost', port, ca, agent: undefined, plain: protocol === 'http:' };
  };
  if (options.hostname === new URL(cloudUnderTest.authority).hostname)
    return to(cloud.entra.url, cloud.entra.certificate);
  if (options.hostname.endsWith(`.${cloudUnderTest.vaultDomain}`)) return to(cloud.vault.url);
  if (options.hostname === new URL(cloudUnderTest.logAnalytics).hostname) {
    const agent = new Headers(options.headers as Record<string, string>).get('user-agent') ?? '';
    logClients.add(/monitor-query(?:-logs)?/.exec(agent)?.[0] ?? agent);
    return to(cloud.logAnalytics.url, cloud.logAnalytics.certificate);
  }
  if (options.hostname === new URL(cloudUnderTest.resourceManager).hostname) return to(cloud.resourceManager.url);
  if (options.hostname === new URL(cloudUnderTest.graph).hostname) return to(cloud.graph.url);
  throw new Error(`not a name of this cloud: ${options.hostname}`);
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'keyturn-cloud-'));
  cloud = await startEmbeddedCloud({
    audiences: {
      vault: `https://${cloudUnderTest.vaultDomain}`,
      logAnalytics: cloudUnderTest.logAnalytics,
      resourceManager: cloudUnderTest.resourceManager,
      graph: cloudUnderTest.graph,
    },
  });
  cloud.auditLog.setDelay(0);
  vi.spyOn(https, 'request').mockImplementation(((
    options: Options,
    answered: (answer: http.IncomingMessage) => void,
  ) => {
    const { plain, ...routed } = route(options);
    return (plain ? http : originalHttps).request(routed, answered);
  }) as typeof https.request);
  syncBuiltinESMExports();
  // Issuers ask providers by fetch; this provider is busy.
  vi.spyOn(globalThis, 'fetch').mockImplementation((input) => {
    asked.add(new URL(input instanceof Request ? input.url : input).hostname);
    return Promise.resolve(new Response('busy', { status: 503 }));
  });
});
const originalHttps = { request: https.request };
afterAll(async () => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  await cloud.stop();
  await rm(directory, { recursive: true });
});

/** The service as an operator of that cloud sets it up, with records of its own. */
async function serviceWith(more: Record<string, string>) {
  const application = cloud.entra.define({ name: 'keyturn', address: '203.0.113.4' });
  cloud.vault.grant(application, ['get', 'set', 'list', 'update']);
  const policyFile = join(directory, `${application.clientId}.policy.yml`);
  await writeFile(
    policyFile,
    `format: 1
secrets:
  session-key: { issuer: generated, validity: 30d, first: automatic }
  storage-key: { issuer: azure-keys, validity: 30d, first: automatic, target: { resource: ${storageAccount} } }
identities:
  ${application.objectId}: { role: rotator }
`,
  );
  asked.clear();
  logClients.clear();
  return await composeKeyturn({
    KEYTURN_CLOUD: 'us-government',
    KEYTURN_VAULTS: `${cloud.vault.resourceId}=https://${cloud.vault.name}.${cloudUnderTest.vaultDomain}`,
    KEYTURN_IDENTITY_KIND: 'client-secret',
    KEYTURN_IDENTITY_CLIENT_ID: application.clientId,
    KEYTURN_IDENTITY_CLIENT_SECRET: cloud.entra.addSecret(application),
    KEYTURN_TENANT_ID: cloud.entra.tenantId,
    KEYTURN_LOG_WORKSPACE_ID: cloud.logAnalytics.workspaceId,
    KEYTURN_DATA: join(directory, application.clientId),
    KEYTURN_POLICY: policyFile,
    ...more,
  });
}

const [authority, log, resourceManager] = [
  cloudUnderTest.authority,
  cloudUnderTest.logAnalytics,
  cloudUnderTest.resourceManager,
].map((url) => new URL(url).hostname);
const vaultHost = () => `${cloud.vault.name}.${cloudUnderTest.vaultDomain}`;

describe('a whole pass in a national cloud', () => {
  it('sends no request to a name of the public cloud, and asks for no token for one', async () => {
    const aYearAgo = new Date(Date.now() - 365 * 86_400_000);
    for (const name of ['keyturn-canary', 'keyturn-staging-key', 'session-key', 'storage-key'])
      cloud.vault.seed({ name, value: `value-of-${name}-0123456789abcdef`, created: aYearAgo });
    const { keyturn } = await serviceWith({});
    await keyturn.reconcileRotations();
    const retrievals = await keyturn.collectRetrievals();
    await keyturn.produceReports();

    expect(cloud.vault.versions('session-key')).toHaveLength(2);
    expect(retrievals.counts).toMatchObject({ canaryReads: 1 });
    expect(asked).toEqual(new Set([authority, log, resourceManager, vaultHost()]));
    expect([...logClients]).toEqual(['monitor-query']);
  });

  it('holds for the other log client too, which the setting chooses', async () => {
    const { keyturn } = await serviceWith({ KEYTURN_LOG_CLIENT: 'monitor-query-logs' });
    const { counts } = await keyturn.collectRetrievals();
    expect(counts['rows']).toBeGreaterThan(0);
    expect(asked).toEqual(new Set([authority, log, resourceManager, vaultHost()]));
    expect([...logClients]).toEqual(['monitor-query-logs']);
  });
});
