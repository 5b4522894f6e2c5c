import type { Authorisation } from '../authorisation/authorisation.ts';

/** The plan and retention of one table of the workspace. */
export interface TableRetention {
  readonly plan: 'Analytics' | 'Basic' | 'Auxiliary';
  readonly retentionInDays: number;
  readonly totalRetentionInDays: number;
}

/**
 * Azure Resource Manager over the embedded subscription. It judges callers by the same assignments as the vault.
 * Sources of the shapes: Azure/azure-rest-api-specs, Microsoft.Authorization 2022-04-01 (role assignments, role
 * definitions, deny assignments) and 2020-10-01 (schedule instances); Microsoft.KeyVault 2023-07-01; Microsoft.Insights
 * 2021-05-01-preview (diagnostic settings), 2023-10-01 (metrics) and 2015-04-01 (activity log);
 * Microsoft.OperationalInsights 2022-10-01 (workspaces, tables).
 */
export interface EmbeddedResourceManager {
  /** `http://localhost:PORT`. */
  readonly url: string;
  /** Roles, assignments, denials and the activity log. */
  readonly authorisation: Authorisation;
  /** By table; changed in place by whoever acts the administrator. */
  readonly tables: Map<string, TableRetention>;
  /** Further vaults of the subscription, by name, which no server here answers for. */
  readonly otherVaults: string[];
  /** The next `times` requests are answered with this status. */
  failNext(status: number, times: number): void;
}
