import { randomUUID } from 'node:crypto';
import { LogsQueryClient, LogsQueryResultStatus, type LogsTable } from '@azure/monitor-query-logs';
import {
  type LogAnalytics,
  type LogTable,
  mostRetries,
  type QueryWorkspace,
  serverTimeoutSeconds,
  uncached,
} from './query-workspace.ts';

interface Seen {
  readonly status: number;
  readonly text: string;
}

const idHeader = 'x-ms-client-request-id';

/**
 * Queries a workspace by `@azure/monitor-query-logs` 1.0.0, the successor. It differs: it expects the endpoint with
 * `/v1`, the audience as a scope, returns no raw answer, and throws a TypeError at a 204. So a pipeline policy captures
 * the last answer to each request.
 * Source: its `logsQueryClient.js` and `monitorQueryLogsContext.js`.
 */
export function monitorQueryLogs(workspace: LogAnalytics): QueryWorkspace {
  const { endpoint, audience, workspaceId, credential, certificate } = workspace;
  const answers = new Map<string, Seen>();
  const client = new LogsQueryClient(credential, {
    endpoint: `${endpoint}/v1`,
    credentials: { scopes: [`${audience}/.default`] },
    retryOptions: { maxRetries: mostRetries },
    ...(certificate === undefined ? {} : { tlsOptions: { ca: certificate } }),
  });
  client.pipeline.addPolicy({
    name: 'keyturn-answers',
    async sendRequest(request, next) {
      const response = await next(request);
      const id = request.headers.get(idHeader);
      if (id !== undefined) answers.set(id, { status: response.status, text: response.bodyAsText ?? '' });
      return response;
    },
  });
  return async (query, { from, to }) => {
    const id = randomUUID();
    const seen = () => answers.get(id);
    try {
      const result = await client.queryWorkspace(
        workspaceId,
        query,
        { startTime: from, endTime: to },
        {
          serverTimeoutInSeconds: serverTimeoutSeconds,
          requestOptions: { headers: { ...uncached, [idHeader]: id } },
        },
      );
      if (result.status !== LogsQueryResultStatus.Success) return { outcome: 'partial' };
      return { outcome: 'whole', tables: result.tables.map(tableOf), text: seen()?.text ?? '' };
    } catch (error) {
      if (seen()?.status === 204) return { outcome: 'whole', tables: [], text: '' };
      if (seen()?.status === 504) return { outcome: 'partial' };
      throw error;
    } finally {
      answers.delete(id);
    }
  };
}

function tableOf({ columnDescriptors, rows }: LogsTable): LogTable {
  return { columns: columnDescriptors.map(({ name }) => name), rows };
}
