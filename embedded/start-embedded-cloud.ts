import { join } from 'node:path';
import { createAuditLog } from './azure/create-audit-log.ts';
import { createIdentityRegister } from './azure/identity-register.ts';
import { startKeyVault } from './azure/start-key-vault.ts';
import { startLogAnalytics } from './azure/start-log-analytics.ts';
import { startManagedIdentity } from './azure/start-managed-identity.ts';
import { type Clock, createClock } from './clock.ts';
import type { EmbeddedCloud } from './embedded-cloud.ts';
import type { EmbeddedGitea } from './gitea/embedded-gitea.ts';

/** A port for each server; a free one is taken where none is named. */
export interface EmbeddedPorts {
  readonly identity?: number;
  readonly vault?: number;
  readonly logAnalytics?: number;
  readonly gitea?: number;
}

/**
 * Starts everything that Keyturn talks to, on loopback, in this process.
 * `data`: a folder in which state outlives the process; without it everything is in memory.
 */
export async function startEmbeddedCloud(
  options: { readonly clock?: Clock; readonly data?: string; readonly ports?: EmbeddedPorts } = {},
): Promise<EmbeddedCloud> {
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
  const vault = await startKeyVault({
    clock,
    register,
    auditLog,
    ...(ports.vault === undefined ? {} : { port: ports.vault }),
  });
  const logAnalytics = await startLogAnalytics({
    clock,
    register,
    auditLog,
    ...(ports.logAnalytics === undefined ? {} : { port: ports.logAnalytics }),
  });
  const gitea = await startGitea(clock, options.data, ports.gitea);
  return {
    clock,
    identity,
    vault,
    auditLog,
    logAnalytics,
    get eventGrid(): never {
      throw new Error('Event Grid is not part of the embedded cloud yet');
    },
    get gitea() {
      if (!gitea) throw new Error('Gitea is not part of the embedded cloud yet');
      return gitea;
    },
    async stop() {
      await Promise.all([identity.stop(), vault.stop(), logAnalytics.stop(), gitea?.stop()]);
    },
  };
}

async function startGitea(
  clock: Clock,
  data: string | undefined,
  port: number | undefined,
): Promise<(EmbeddedGitea & { stop(): Promise<void> }) | null> {
  const path = './gitea/start-embedded-gitea.ts';
  const module = (await import(path).catch(() => null)) as {
    startEmbeddedGitea(options: object): Promise<EmbeddedGitea & { stop(): Promise<void> }>;
  } | null;
  if (!module) return null;
  return module.startEmbeddedGitea({
    clock,
    ...(port === undefined ? {} : { port }),
    ...(data === undefined ? {} : { data }),
  });
}
