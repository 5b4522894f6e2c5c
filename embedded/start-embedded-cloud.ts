import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthorisation } from './azure/authorisation/authorisation.ts';
import { createAuditLog } from './azure/audit-log/create-audit-log.ts';
import { createEventGrid } from './azure/event-grid/create-event-grid.ts';
import { createDirectory } from './azure/identity/directory.ts';
import { createIdentityRegister } from './azure/identity/identity-register.ts';
import { createInMemorySecretStore } from './azure/vault/in-memory-secret-store.ts';
import { openStateFile } from './azure/vault/state-file.ts';
import { startGraph } from './azure/graph/start-graph.ts';
import { startResourceManager } from './azure/resource-manager/start-resource-manager.ts';
import { startEntra } from './azure/identity/start-entra.ts';
import { startKeyVault } from './azure/vault/start-key-vault.ts';
import { startLogAnalytics } from './azure/log-analytics/start-log-analytics.ts';
import { startManagedIdentity } from './azure/identity/start-managed-identity.ts';
import { type Clock, createClock } from './clock.ts';
import type { EmbeddedCloud } from './embedded-cloud.ts';
import { startEmbeddedGitea } from './gitea/start-embedded-gitea.ts';

/** A port for each server; a free one is taken where none is named. */
interface EmbeddedPorts {
  readonly identity?: number;
  readonly entra?: number;
  readonly vault?: number;
  readonly logAnalytics?: number;
  readonly resourceManager?: number;
  readonly graph?: number;
  readonly gitea?: number;
}

export interface EmbeddedCloudOptions {
  /** The machine's time, running, when absent. */
  readonly clock?: Clock;
  /** A folder in which secrets, log rows and Gitea outlive the process; without it everything is in memory. */
  readonly data?: string;
  readonly ports?: EmbeddedPorts;
  /** Whom tokens must be for, as in a national cloud; those of the public cloud when absent. */
  readonly audiences?: {
    readonly vault: string;
    readonly logAnalytics: string;
    readonly resourceManager: string;
    readonly graph: string;
  };
}

interface Started {
  stop(): Promise<void>;
}

/**
 * Starts everything that Keyturn talks to, on loopback, in this process.
 * Principals, grants, faults and subscriptions are the caller's to set up, also after a restart with `data`.
 * Rejects, with nothing left running, when a server cannot start, as when its port is taken.
 */
export async function startEmbeddedCloud(options: EmbeddedCloudOptions = {}): Promise<EmbeddedCloud> {
  const started: Started[] = [];
  const stop = async () => {
    await Promise.all(started.map((server) => server.stop()));
  };
  try {
    return { ...(await startServers(options, started)), stop };
  } catch (cause) {
    await stop();
    throw cause;
  }
}

async function startServers(options: EmbeddedCloudOptions, started: Started[]): Promise<Omit<EmbeddedCloud, 'stop'>> {
  const { data, ports = {}, clock = createClock(), audiences } = options;
  if (data !== undefined) mkdirSync(data, { recursive: true });
  const keep = <Server extends Started>(server: Server): Server => {
    started.push(server);
    return server;
  };
  const register = createIdentityRegister();
  const directory = createDirectory();
  const authorisation = createAuthorisation({ clock, directory });
  const auditLog = createAuditLog({
    clock,
    ...(data === undefined ? {} : { file: join(data, 'azure', 'audit-log.ndjson') }),
  });
  const secretStore = data === undefined ? createInMemorySecretStore() : openStateFile(join(data, 'azure', 'vault'));

  const identity = keep(await startManagedIdentity({ clock, register, ...portOf(ports.identity) }));
  const entra = keep(await startEntra({ clock, register, ...portOf(ports.entra) }));
  const vault = keep(
    await startKeyVault({
      clock,
      register,
      auditLog,
      authorisation,
      secretStore,
      onNewVersion: (version) => eventGrid.versionCreated(version),
      ...(audiences === undefined ? {} : { audience: audiences.vault }),
      ...portOf(ports.vault),
    }),
  );
  const eventGrid = createEventGrid({ clock, vault, secretStore, auditLog });
  const logAnalytics = keep(
    await startLogAnalytics({
      clock,
      register,
      auditLog,
      ...(audiences === undefined ? {} : { audience: audiences.logAnalytics }),
      ...portOf(ports.logAnalytics),
    }),
  );
  const resourceManager = keep(
    await startResourceManager({
      clock,
      register,
      authorisation,
      vault,
      ...(audiences === undefined ? {} : { audience: audiences.resourceManager }),
      ...portOf(ports.resourceManager),
    }),
  );
  const graph = keep(
    await startGraph({
      clock,
      register,
      directory,
      ...(audiences === undefined ? {} : { audience: audiences.graph }),
      ...portOf(ports.graph),
    }),
  );
  const gitea = keep(
    await startEmbeddedGitea({
      clock,
      ...portOf(ports.gitea),
      ...(data === undefined ? {} : { data: join(data, 'gitea.json') }),
    }),
  );
  return { clock, identity, entra, vault, resourceManager, graph, auditLog, logAnalytics, eventGrid, gitea };
}

function portOf(port: number | undefined): { readonly port?: number } {
  return port === undefined ? {} : { port };
}
