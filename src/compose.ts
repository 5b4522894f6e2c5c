import { AsyncLocalStorage } from 'node:async_hooks';
import { azureCredential } from './azure/azure-credential.ts';
import { keyVaultCanaryReader } from './azure/canary-reader.ts';
import type { VaultAccess } from './azure/vault-client.ts';
import type { CanaryReader } from './audit/collection/canary-reader.ts';
import type { Settings } from './settings.ts';
import { createGrantTools } from './composition/create-grants.ts';
import { notificationOutbox } from './notify/notification-outbox.ts';
import { createBroker } from './composition/create-broker.ts';
import { createAccess } from './composition/create-access.ts';
import type { Composition, CompositionOptions } from './composition/composition.ts';
import { metricsOf } from './composition/collect-metrics.ts';
import { createKeyturn } from './composition/create-keyturn.ts';
import { openGitea } from './composition/open-gitea.ts';
import { openControls } from './composition/reports/open-controls.ts';
import { openPolicy } from './composition/policy/open-policy.ts';
import { policyInForce } from './composition/policy/policy-in-force.ts';
import { policyGuard } from './composition/readiness/require-policy.ts';
import {
  openLogArchive,
  openLogger,
  openPostureSource,
  openRecords,
  openRetrievalLog,
  openSigner,
  openVaults,
  vaultAccess,
  readEmbeddedCertificate,
} from './composition/open-adapters.ts';
import { openChannels } from './composition/open-channels.ts';
import { settingResolver } from './composition/resolve-setting.ts';
import { createRotationLog } from './composition/log-rotations.ts';
import { createRotationTools } from './composition/create-rotation-tools.ts';
import { takeInventory } from './composition/take-inventory.ts';
import { createWebPorts } from './composition/create-web-ports.ts';
import { giteaClient } from './gitea/gitea-client.ts';
import { giteaJobFeed } from './gitea/gitea-job-feed.ts';
import { recentDeliveries } from './issuers/shared/hook-deliveries.ts';
import type { LogLevel } from './log/logger.ts';
import { untraced } from './log/trace.ts';
import { openTelemetry } from './telemetry/open-telemetry.ts';
import { version } from './composition/version.ts';
import type { RotationEvent } from './rotation/rotation-tools.ts';
import type { Keyturn } from './keyturn.ts';
import { workCounters } from './telemetry/work-counters.ts';
import { readSettings } from './settings/read-settings.ts';

/**
 * Wires Keyturn by its environment variables. Nothing is asked of the network yet but what the record store needs.
 * @throws ServiceError `SETTINGS_MALFORMED`, `POLICY_MALFORMED`, `CONTROLS_MALFORMED` with every fault at once; `RECORD_STORE_…`.
 */
export async function composeKeyturn(
  environment: Readonly<Record<string, string | undefined>>,
  options: CompositionOptions = {},
): Promise<Composition> {
  const { now = () => new Date(), trace = untraced } = options;
  const settings = readSettings(environment);
  // A report reads the file anew; a fault in it is better known now than at the end of a quarter.
  await openControls(settings.controlsFile);
  const opened = await openPolicy(settings);
  const credential = azureCredential(settings.identity, settings);
  const records = await openRecords(settings, credential);
  const resolve = settingResolver({ ...settings, credential, records, now });
  const access = vaultAccess(settings, credential);
  const stores = openVaults(access);
  const gitea = settings.gitea === null ? null : openGitea(settings.gitea, resolve);
  const deliveries = recentDeliveries();
  const logger = openLogger(settings, { now, logTo: options.logTo });
  const channels = await openChannels(settings, { resolve, now });
  const counters = workCounters();
  const outbox = channels.length === 0 ? null : notificationOutbox({ records, channels, logger, now });
  const inForce = policyInForce(opened, { settings, records, logger, outbox, now });
  const policy = () => inForce.current().policy;
  const rotationLog = createRotationLog(logger);
  const watch = (event: RotationEvent) => {
    rotationLog.event(event);
    options.watch?.(event);
  };

  const workspace = await openRetrievalLog(settings, credential);
  const archive = openLogArchive(settings, credential);
  const requirePolicy = policyGuard(records, opened.text);
  const grants = createGrantTools({ records, policy, gitea: gitea?.url ?? null, outbox, logger, now });
  const common = { settings, policy, records, now, logger, counters, trace, gitea };
  const parts = {
    ...common,
    ...metricsOf({ records, outbox, counters, now }),
    grants,
    channels,
    vaultAccess: access,
    rotation: createRotationTools({ ...common, stores, credential, deliveries, watch }),
    log: workspace ?? archive,
    archive: workspace === null ? null : archive,
    posture: openPostureSource(settings, credential),
    jobs:
      gitea === null ? null : giteaJobFeed({ client: giteaClient({ url: gitea.url, authentication: gitea.asToken }) }),
    canary: openCanary(settings, access),
    signer: openSigner(settings, credential),
    requirePolicy,
    keepPolicy: async () => {
      // Before it is kept: the lack of a policy must not become the policy in force.
      await requirePolicy();
      await inForce.keep();
    },
    takeUpPolicy: inForce.takeUp,
  };
  const upstreamAuthority = readEmbeddedCertificate(settings);
  const broker = createBroker({ ...parts, policyInForce: inForce.current, access, outbox, upstreamAuthority });
  const { trustLoopback = false } = options;
  const { access: portalAccess, sessions } = createAccess({ ...parts, trustLoopback, resolve });
  const keyturn = createKeyturn({
    ...parts,
    access: portalAccess,
    web: createWebPorts({ ...parts, resolve, deliveries, broker }),
    rotationLog,
    takeInventory: async () => await takeInventory({ settings, policy: policy(), stores, records, now }),
  });
  return { ...parts, sessions, keyturn };
}

/** Reads the canary of each vault that is rotated; the staging vault has none. */
function openCanary({ vaults, canarySecret }: Settings, access: readonly VaultAccess[]): CanaryReader {
  const rotated = access.filter(({ vault }) => vaults.includes(vault));
  return keyVaultCanaryReader(rotated, canarySecret);
}

/** The log of one invocation of a Functions host: each call is one entry of Application Insights. */
export type InvocationLog = Readonly<Record<LogLevel, (line: string) => void>>;

let host: Promise<Keyturn> | null = null;
const invocation = new AsyncLocalStorage<InvocationLog>();

/** Writes through to the invocation that is under way, which is what ties an entry to it. */
function writeThrough(line: string, level: LogLevel): void {
  (invocation.getStore() ?? console)[level](line);
}

/** Calls Keyturn for one invocation of a Functions host; what it logs goes to the log of that invocation. */
export async function inHost<Result>(log: InvocationLog, call: (keyturn: Keyturn) => Promise<Result>): Promise<Result> {
  return await invocation.run(log, async () => await call(await hostKeyturn()));
}

async function composeHost(): Promise<Keyturn> {
  const telemetry = await openTelemetry(process.env, version);
  const logTo = { write: writeThrough, isTerminal: false };
  const { keyturn, samples } = await composeKeyturn(process.env, { logTo, trace: telemetry.trace });
  telemetry.observe(samples);
  return keyturn;
}

/** Keyturn for a Functions host: composed at the first call, again after a failure, once for all triggers. */
function hostKeyturn(): Promise<Keyturn> {
  host ??= composeHost().then(
    (keyturn) => keyturn,
    (error: unknown) => {
      host = null;
      throw error;
    },
  );
  return host;
}

/** What a probe is told while Keyturn cannot be composed: the process runs, and no work can be done. */
const withoutKeyturn: Readonly<Record<string, { readonly word: string; readonly status: number }>> = {
  '/healthz': { word: 'ok', status: 200 },
  '/readyz': { word: 'unready', status: 503 },
};

/**
 * Answers a request to a Functions host. A probe gets its answer also while settings are wrong or records cannot be reached;
 * every other request then is a failed invocation, which the platform counts. @throws ServiceError as `composeKeyturn` does.
 */
export async function hostRequest(
  log: InvocationLog,
  request: Request,
  connection: { readonly loopback: boolean },
): Promise<Response> {
  let keyturn: Keyturn;
  try {
    keyturn = await hostKeyturn();
  } catch (error) {
    const probe = withoutKeyturn[new URL(request.url).pathname];
    if (probe === undefined) throw error;
    return new Response(probe.word, { status: probe.status });
  }
  return await invocation.run(log, async () => await keyturn.handleRequest(request, connection));
}
