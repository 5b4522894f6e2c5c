import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createAuditLog } from './azure/create-audit-log.ts';
import { createEventGrid } from './azure/create-event-grid.ts';
import { createIdentityRegister } from './azure/identity-register.ts';
import { createSecretShelf } from './azure/secret-shelf.ts';
import { openShelfFile } from './azure/shelf-file.ts';
import { startKeyVault } from './azure/start-key-vault.ts';
import { startLogAnalytics } from './azure/start-log-analytics.ts';
import { startManagedIdentity } from './azure/start-managed-identity.ts';
import { type Clock, createClock } from './clock.ts';
import type { EmbeddedCloud } from './embedded-cloud.ts';
import { startEmbeddedGitea } from './gitea/start-embedded-gitea.ts';

/** A port for each server; a free one is taken where none is named. */
export interface EmbeddedPorts {
  readonly identity?: number;
  readonly vault?: number;
  readonly logAnalytics?: number;
  readonly gitea?: number;
}

/**
 * Starts everything that Keyturn talks to, on loopback, in this process.
 * `data`: a folder in which secrets, log rows and Gitea outlive the process; without it everything is in memory.
 * Principals, grants, faults and subscriptions are the caller's to set up again.
 */
export async function startEmbeddedCloud(
  options: { readonly clock?: Clock; readonly data?: string; readonly ports?: EmbeddedPorts } = {},
): Promise<EmbeddedCloud> {
  if (options.data !== undefined) mkdirSync(options.data, { recursive: true });
  const clock = options.clock ?? createClock();
  const ports = options.ports ?? {};
  const register = createIdentityRegister();
  const auditLog = createAuditLog({
    clock,
    ...(options.data === undefined ? {} : { file: join(options.data, 'azure', 'audit-log.ndjson') }),
  });
  const identity = await startManagedIdentity({
    clock,
    register,
    ...(ports.identity === undefined ? {} : { port: ports.identity }),
  });
  const shelf = options.data === undefined ? createSecretShelf() : openShelfFile(join(options.data, 'azure', 'vault'));
  const vault = await startKeyVault({
    clock,
    register,
    auditLog,
    shelf,
    onNewVersion: (version) => eventGrid.versionCreated(version),
    ...(ports.vault === undefined ? {} : { port: ports.vault }),
  });
  const eventGrid = createEventGrid({ clock, vault, shelf, auditLog });
  const logAnalytics = await startLogAnalytics({
    clock,
    register,
    auditLog,
    ...(ports.logAnalytics === undefined ? {} : { port: ports.logAnalytics }),
  });
  const gitea = await startEmbeddedGitea({
    clock,
    ...(ports.gitea === undefined ? {} : { port: ports.gitea }),
    ...(options.data === undefined ? {} : { data: join(options.data, 'gitea.json') }),
  });
  return {
    clock,
    identity,
    vault,
    auditLog,
    logAnalytics,
    eventGrid,
    gitea,
    async stop() {
      await Promise.all([identity.stop(), vault.stop(), logAnalytics.stop(), gitea.stop()]);
    },
  };
}
