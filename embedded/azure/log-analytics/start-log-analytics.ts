import type { Clock } from '../../clock.ts';
import { loopbackCertificate } from '../../loopback-certificate.ts';
import { type LoopbackAnswer, type LoopbackRequest, startLoopbackServer } from '../../loopback-server.ts';
import { answerQuery, type QueryAnswer } from './answer-query.ts';
import type { EmbeddedAuditLog } from '../audit-log/audit-log.ts';
import { azureIds } from '../azure-ids.ts';
import type { IdentityRegister } from '../identity/identity-register.ts';
import type { EmbeddedLogAnalytics } from './log-analytics.ts';
import { schemaWithout, workspaceSchema } from './workspace-schema.ts';

/** How long the service answers a repeated query from cache, unless it has `Cache-Control: no-cache`. */
const cachedMs = 120_000;
const mostKept = 100;

const noFailure: { readonly status: number; readonly times: number; readonly retryAfterSeconds: number | null } = {
  status: 0,
  times: 0,
  retryAfterSeconds: null,
};

/** The query API: `POST /v1/workspaces/{id}/query` over https, with a certificate created for this run. */
export async function startLogAnalytics(options: {
  readonly clock: Clock;
  readonly register: IdentityRegister;
  readonly auditLog: EmbeddedAuditLog;
  /** Whom a token must be for; the public cloud's name when absent. */
  readonly audience?: string;
  readonly port?: number;
}): Promise<EmbeddedLogAnalytics & { stop(): Promise<void> }> {
  const { clock, register, auditLog, audience = 'https://api.loganalytics.io' } = options;
  const tls = await loopbackCertificate();
  const answered = new Map<string, { readonly at: number; readonly answer: QueryAnswer }>();
  let mostRows: number | null = null;
  let empty = false;
  let schema = workspaceSchema;
  let failure = noFailure;

  const query = (request: LoopbackRequest): LoopbackAnswer => {
    const parsed = parseBody(request.body);
    if (!parsed) return refuse(400, 'BadArgumentError', 'The request body is not a query');
    const now = clock.now().getTime();
    const known = answered.get(request.body);
    const fresh = request.headers['cache-control']?.includes('no-cache') ?? false;
    if (known && !fresh && now >= known.at && now - known.at < cachedMs) {
      return { ...known.answer, headers: { Age: String(Math.floor((now - known.at) / 1000)) } };
    }
    const answer = answerQuery(parsed, auditLog.rows(), new Date(now), mostRows, schema);
    if (answered.size >= mostKept) answered.clear();
    if (answer.status === 200) answered.set(request.body, { at: now, answer });
    return answer;
  };

  const server = await startLoopbackServer({
    clock,
    tls,
    ...(options.port === undefined ? {} : { port: options.port }),
    answer(request) {
      const [version, kind, workspace, action] = request.segments;
      const isQuery = version === 'v1' && kind === 'workspaces' && action === 'query' && request.segments.length === 4;
      if (request.method !== 'POST' || !isQuery)
        return refuse(404, 'PathNotFoundError', 'The requested path does not exist');
      if (!mayAsk(register, audience, request))
        return refuse(401, 'InvalidTokenError', 'The provided authentication is not valid for this resource');
      if (workspace?.toLowerCase() !== azureIds.workspace) {
        return refuse(404, 'WorkspaceNotFoundError', 'The workspace could not be found');
      }
      if (failure.times > 0) {
        failure = { ...failure, times: failure.times - 1 };
        return failed(failure.status, failure.retryAfterSeconds);
      }
      // A workspace without a single table: an answer without a body.
      return empty ? { status: 204 } : query(request);
    },
  });
  return {
    url: `https://localhost:${server.port}`,
    workspaceId: azureIds.workspace,
    certificate: tls.cert,
    limitRows(most) {
      mostRows = most;
      answered.clear();
    },
    dropColumns(table, names) {
      schema = schemaWithout(schema, table, names);
      answered.clear();
    },
    answerEmpty(on) {
      empty = on;
    },
    failNext(status, times, retryAfterSeconds = null) {
      failure = { status, times, retryAfterSeconds };
    },
    stop: () => server.stop(),
  };
}

function mayAsk(register: IdentityRegister, audience: string, request: LoopbackRequest): boolean {
  const token = /^bearer (.+)$/i.exec(request.headers['authorization'] ?? '')?.[1];
  const known = token === undefined ? null : register.lookUp(token);
  return known?.audience === audience;
}

function parseBody(body: string): { readonly query: string; readonly timespan: string | null } | null {
  try {
    const parsed = JSON.parse(body) as { readonly query?: unknown; readonly timespan?: unknown };
    if (typeof parsed.query !== 'string') return null;
    return { query: parsed.query, timespan: typeof parsed.timespan === 'string' ? parsed.timespan : null };
  } catch {
    return null;
  }
}

function failed(status: number, retryAfterSeconds: number | null): LoopbackAnswer {
  const code = { 429: 'ThrottledError', 504: 'GatewayTimeout' }[status] ?? 'InternalServerError';
  const answer = { status, body: { error: { code, message: 'The query was not run' } } };
  return retryAfterSeconds === null ? answer : { ...answer, headers: { 'Retry-After': String(retryAfterSeconds) } };
}

function refuse(status: number, code: string, message: string): LoopbackAnswer {
  return { status, body: { error: { code, message } } };
}
