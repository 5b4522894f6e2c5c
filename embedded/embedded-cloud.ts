import type { Clock } from './clock.ts';
import type { EmbeddedGitea } from './gitea/embedded-gitea.ts';
import type { EmbeddedAuditLog } from './azure/audit-log/audit-log.ts';
import type { EmbeddedEntra } from './azure/identity/entra.ts';
import type { EmbeddedEventGrid } from './azure/event-grid/event-grid.ts';
import type { EmbeddedIdentity } from './azure/identity/managed-identity.ts';
import type { EmbeddedGraph } from './azure/graph/start-graph.ts';
import type { EmbeddedResourceManager } from './azure/resource-manager/resource-manager.ts';
import type { EmbeddedKeyVault } from './azure/vault/key-vault.ts';
import type { EmbeddedLogAnalytics } from './azure/log-analytics/log-analytics.ts';

/** Everything Keyturn talks to, on loopback, in this process, speaking the real wire protocols. */
export interface EmbeddedCloud {
  readonly clock: Clock;
  readonly identity: EmbeddedIdentity;
  readonly entra: EmbeddedEntra;
  readonly vault: EmbeddedKeyVault;
  readonly resourceManager: EmbeddedResourceManager;
  readonly graph: EmbeddedGraph;
  readonly auditLog: EmbeddedAuditLog;
  readonly logAnalytics: EmbeddedLogAnalytics;
  readonly eventGrid: EmbeddedEventGrid;
  readonly gitea: EmbeddedGitea;
  /** Ends every server and every job's process that it started. */
  stop(): Promise<void>;
}
