import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { createClock } from '../../embedded/clock.ts';
import { startEmbeddedCloud } from '../../embedded/start-embedded-cloud.ts';
import { bindQuery, readQueryFile } from '../../src/azure/bind-query.ts';
import { logAnalyticsRetrievalLog } from '../../src/azure/log-analytics-retrieval-log.ts';
import { monitorQuery } from '../../src/azure/monitor-query.ts';
import { monitorQueryLogs } from '../../src/azure/monitor-query-logs.ts';
import type { LogAnalytics, QueryWorkspace } from '../../src/azure/query-workspace.ts';
import { retrievalLogContract } from '../contracts/retrieval-log.contract.ts';
import { unlessContractsAreAbsent } from '../published-contracts.ts';
import { contractTables, kustoDiagnostics } from './kusto-diagnostics.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

type Client = (workspace: LogAnalytics) => QueryWorkspace;

const worldOf =
  (client: Client) =>
  async (moments: readonly string[], options: { token?: string; vault?: string } = {}) => {
    const cloud = await startEmbeddedCloud({ clock: createClock(new Date('2026-03-02T13:00:00Z')) });
    stops.push(() => cloud.stop());
    cloud.auditLog.setDelay(0);
    for (const at of moments) cloud.auditLog.append(rowAt(at, cloud.vault.resourceId));
    cloud.auditLog.append(rowAt('2026-03-02T08:30:00.0000000Z', cloud.vault.resourceId.replace(/[^/]+$/, 'elsewhere')));
    const reporter = cloud.identity.define({ name: 'reporter', kind: 'managed-identity', address: '20.4.4.4' });
    const asked: string[] = [];
    const audience = 'https://api.loganalytics.io';
    const { url: endpoint, workspaceId, certificate } = cloud.logAnalytics;
    const getToken = (scopes: string | string[]) => {
      asked.push(String(scopes));
      const token = options.token ?? cloud.identity.tokenFor(reporter, audience);
      return Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 });
    };
    const query = client({ endpoint, audience, workspaceId, certificate, credential: { getToken } });
    const vault = { name: cloud.vault.name, url: cloud.vault.url, resourceId: options.vault ?? cloud.vault.resourceId };
    const log = logAnalyticsRetrievalLog(query, { workspaceId, vaults: [vault] });
    return { cloud, log, asked, limitRows: (most: number) => cloud.logAnalytics.limitRows(most) };
  };

function rowAt(at: string, resourceId: string) {
  return {
    TimeGenerated: at,
    OperationName: 'SecretGet',
    ResultType: 'Success',
    ResultSignature: 'OK',
    HttpStatusCode: 200,
    Id: 'https://kv.vault.azure.net/secrets/database/0123456789abcdef0123456789abcdef',
    RequestUri: 'https://kv.vault.azure.net/secrets/database/?api-version=2025-07-01',
    Identity: { claim: { oid: 'a1' } },
    CallerIpAddress: '20.1.1.1',
    ClientInfo: 'test',
    CorrelationId: at,
    Type: 'AZKVAuditLogs',
    _ResourceId: resourceId,
  };
}

const clients: readonly (readonly [string, Client])[] = [
  ['@azure/monitor-query', monitorQuery],
  ['@azure/monitor-query-logs', monitorQueryLogs],
];
for (const [name, client] of clients) retrievalLogContract(`Log Analytics by ${name}`, worldOf(client));

describe.each(clients)('the Log Analytics adapter over %s', (_, client) => {
  const world = worldOf(client);
  const interval = { from: new Date('2026-03-02T08:00:00Z'), to: new Date('2026-03-02T09:00:00Z') };

  it('reports a denied access without showing the token', async () => {
    const { log } = await world([], { token: 'not-a-token-of-anybody' });
    const failure = await log.rows(interval).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'LOG_QUERY_FAILED', details: { status: 401 } });
    expect(String(failure)).not.toContain('not-a-token-of-anybody');
  });

  it('requests a token only for the given audience', async () => {
    const { log, asked } = await world([]);
    await log.rows(interval);
    expect(new Set(asked)).toEqual(new Set(['https://api.loganalytics.io/.default']));
  });

  it('treats a workspace without a table as empty, and a timeout as too much data', async () => {
    const { cloud, log } = await world(['2026-03-02T08:10:00.0000000Z']);
    cloud.logAnalytics.answerEmpty(true);
    expect((await log.rows(interval)).rows).toEqual([]);
    cloud.logAnalytics.answerEmpty(false);
    cloud.logAnalytics.failNext(504, 2);
    await expect(log.rows(interval)).rejects.toMatchObject({ code: 'LOG_QUERY_PARTIAL' });
    expect((await log.rows(interval)).rows).toHaveLength(1);
  });

  it("returns each answer's digest for two concurrent queries", async () => {
    const { log } = await world(['2026-03-02T08:10:00.0000000Z', '2026-03-02T09:10:00.0000000Z']);
    const next = { from: interval.to, to: new Date('2026-03-02T10:00:00Z') };
    const digests = async () =>
      (await Promise.all([log.rows(interval), log.rows(next)])).map(({ answerSha256 }) => answerSha256);
    const [one, other] = await digests();
    expect(one).not.toBe(other);
    expect(await digests()).toEqual([one, other]);
  });

  it('queries by name for a vault without a resource id', async () => {
    const { cloud } = await world(['2026-03-02T08:10:00.0000000Z']);
    const bound = bindQuery(readQueryFile('retrievals.kql'), {
      ...interval,
      vaults: [{ name: cloud.vault.name, url: cloud.vault.url, resourceId: null }],
    });
    expect(bound).toContain(`let names = dynamic(["${cloud.vault.name}"])`);
  });

  it('returns the digest of the query file', async () => {
    const { log } = await world([]);
    const bytes = readFileSync(new URL('../../src/azure/retrievals.kql', import.meta.url));
    expect((await log.rows(interval)).query.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  });
});

const tables = contractTables();

describe("the queries, read by Microsoft's own parser against the real columns", unlessContractsAreAbsent, () => {
  const bounds = { from: new Date('2026-03-02T08:00:00Z'), to: new Date('2026-03-02T09:00:00Z') };
  const hostile = '/subscriptions/s/"]); AZKVAuditLogs | take 1 //\\"\u2028é';

  it.each(['retrievals.kql', 'control-totals.kql'])('%s is valid', (name) => {
    const query = bindQuery(readQueryFile(name), { ...bounds, vaults: [vault('/subscriptions/s/x'), vault(null)] });
    expect(kustoDiagnostics(query, tables ?? {})).toEqual([]);
  });

  it.each(['retrievals.kql', 'control-totals.kql'])('%s keeps quotes in the id of a vault as text', (name) => {
    const file = readQueryFile(name);
    const tame = bindQuery(file, { ...bounds, vaults: [vault('x')] });
    const query = bindQuery(file, { ...bounds, vaults: [vault(hostile)] });
    expect(kustoDiagnostics(query, tables ?? {})).toEqual([]);
    expect(query.split('\n')).toHaveLength(tame.split('\n').length);
    const literal = /let ids = dynamic\((.*)\);/.exec(query)?.[1] ?? '';
    expect(JSON.parse(literal)).toEqual([hostile.toLowerCase()]);
  });

  it('fails for a column that the table does not have', () => {
    const { text, ...file } = readQueryFile('retrievals.kql');
    const broken = {
      ...file,
      text: text.replace('Source = "AZKVAuditLogs", TimeGenerated', 'Source = "AZKVAuditLogs", TimeGenrated'),
    };
    const query = bindQuery(broken, { ...bounds, vaults: [] });
    expect(kustoDiagnostics(query, tables ?? {})).toEqual([expect.stringContaining("'TimeGenrated'")]);
  });

  function vault(resourceId: string | null) {
    return { name: 'kv-prod', url: 'https://kv-prod.vault.azure.net', resourceId };
  }
});
