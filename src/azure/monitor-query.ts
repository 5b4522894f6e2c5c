import { LogsQueryClient, LogsQueryResultStatus, type LogsTable } from '@azure/monitor-query';
import {
  type LogAnalytics,
  type LogTable,
  mostRetries,
  type QueryWorkspace,
  serverTimeoutSeconds,
  statusOf,
  uncached,
} from './query-workspace.ts';

/**
 * Queries a workspace by `@azure/monitor-query`, the default. Its readme calls it deprecated for the successor in
 * `monitor-query-logs.ts`; both pass one contract suite.
 */
export function monitorQuery(workspace: LogAnalytics): QueryWorkspace {
  const { endpoint, audience, workspaceId, credential, certificate } = workspace;
  const client = new LogsQueryClient(credential, {
    endpoint,
    audience,
    retryOptions: { maxRetries: mostRetries },
    ...(certificate === undefined ? {} : { tlsOptions: { ca: certificate } }),
  });
  return async (query, { from, to }) => {
    let text = '';
    try {
      const result = await client.queryWorkspace(
        workspaceId,
        query,
        { startTime: from, endTime: to },
        {
          serverTimeoutInSeconds: serverTimeoutSeconds,
          requestOptions: { customHeaders: uncached },
          onResponse: ({ bodyAsText }) => {
            text = bodyAsText ?? '';
          },
        },
      );
      if (result.status !== LogsQueryResultStatus.Success) return { outcome: 'partial' };
      return { outcome: 'whole', tables: result.tables.map(tableOf), text };
    } catch (error) {
      if (statusOf(error) === 204) return { outcome: 'whole', tables: [], text };
      if (statusOf(error) === 504) return { outcome: 'partial' };
      throw error;
    }
  };
}

function tableOf({ columnDescriptors, rows }: LogsTable): LogTable {
  return { columns: columnDescriptors.map(({ name }, index) => name ?? `column${String(index)}`), rows };
}
