import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { ManagedIdentityCredential } from '@azure/identity';
import { LogsQueryClient, LogsQueryResultStatus } from '@azure/monitor-query';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createClock } from '../../../../embedded/clock.ts';
import type { EmbeddedCloud } from '../../../../embedded/embedded-cloud.ts';
import { startEmbeddedCloud } from '../../../../embedded/start-embedded-cloud.ts';

let cloud: EmbeddedCloud;
let client: LogsQueryClient;

const march = { startTime: new Date('2026-03-01T00:00:00Z'), endTime: new Date('2026-04-01T00:00:00Z') };

beforeAll(async () => {
  cloud = await startEmbeddedCloud({ clock: createClock(new Date('2026-03-10T00:00:00Z')) });
  const reporter = cloud.identity.define({ name: 'reporter', kind: 'managed-identity', address: '203.0.113.9' });
  vi.stubEnv('AZURE_POD_IDENTITY_AUTHORITY_HOST', cloud.identity.url);
  client = new LogsQueryClient(new ManagedIdentityCredential({ clientId: reporter.clientId }), {
    endpoint: cloud.logAnalytics.url,
    tlsOptions: { ca: cloud.logAnalytics.certificate },
  });
  for (const [index, time] of ['00:00:00.2691226Z', '00:00:00.2691229Z', '01:30:00Z'].entries()) {
    cloud.auditLog.append({
      TimeGenerated: `2026-03-02T${time}`,
      Type: 'AZKVAuditLogs',
      OperationName: 'SecretGet',
      HttpStatusCode: index === 2 ? 403 : 200,
      Identity: { claim: { oid: `OID-${index}` } },
      CorrelationId: `c-${index}`,
      _ResourceId: cloud.vault.resourceId,
    });
  }
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await cloud.stop();
});

async function ask(query: string): Promise<{ columns: string[]; rows: unknown[][] }> {
  const result = await client.queryWorkspace(cloud.logAnalytics.workspaceId, query, march);
  if (result.status !== LogsQueryResultStatus.Success) throw new Error('only a part was answered');
  const [table] = result.tables;
  return {
    columns: (table?.columnDescriptors ?? []).map(({ name, type }) => `${name}:${type}`),
    rows: (table?.rows ?? []).map((row) => [...row]),
  };
}

describe('the real log client', () => {
  it("gets rows in the API's form, with all digits of times as text", async () => {
    const { columns, rows } = await ask(
      'AZKVAuditLogs | order by TimeGenerated asc | project At = tostring(TimeGenerated), TimeGenerated, HttpStatusCode, Identity, Oid = tolower(tostring(Identity.claim.oid))',
    );
    expect(columns).toEqual([
      'At:string',
      'TimeGenerated:datetime',
      'HttpStatusCode:int',
      'Identity:dynamic',
      'Oid:string',
    ]);
    expect(rows[1]).toEqual([
      '2026-03-02T00:00:00.2691229Z',
      new Date('2026-03-02T00:00:00.269Z'),
      200,
      { claim: { oid: 'OID-1' } },
      'oid-1',
    ]);
  });

  it('counts by hour over both tables', async () => {
    const { rows } = await ask(
      'union isfuzzy=true (AZKVAuditLogs | project TimeGenerated), (AzureDiagnostics | project TimeGenerated) | summarize Rows = count() by Hour = bin(TimeGenerated, 1h) | order by Hour asc',
    );
    expect(rows).toEqual([
      [new Date('2026-03-02T00:00:00Z'), 2],
      [new Date('2026-03-02T01:00:00Z'), 1],
    ]);
  });

  it("sees nothing outside the request's timespan", async () => {
    const result = await client.queryWorkspace(cloud.logAnalytics.workspaceId, 'AZKVAuditLogs | count', {
      startTime: new Date('2026-03-02T01:00:00Z'),
      endTime: new Date('2026-03-02T02:00:00Z'),
    });
    expect(result.status === LogsQueryResultStatus.Success && result.tables[0]?.rows).toEqual([[1]]);
  });

  it('is told by name an unsupported feature, and what is wrong', async () => {
    for (const [query, words] of [
      ['AZKVAuditLogs | project OperationNam', 'OperationNam'],
      ['AZKVAuditLogs | mv-expand Identity', 'mv-expand'],
      ['AZKVAuditLogs | project x = geo_point_to_s2cell(1.0, 2.0)', 'geo_point_to_s2cell'],
      ['AZKVAuditLogs | where (OperationName == "a"', 'SyntaxError'],
    ] as const) {
      const refusal: unknown = await ask(query).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ statusCode: 400, code: 'BadArgumentError' });
      expect(JSON.stringify(refusal)).toContain(words);
    }
  });

  it('gets a partial result and an error above the row limit', async () => {
    cloud.logAnalytics.limitRows(2);
    const result = await client.queryWorkspace(cloud.logAnalytics.workspaceId, 'AZKVAuditLogs', march);
    cloud.logAnalytics.limitRows(null);
    expect(result.status).toBe(LogsQueryResultStatus.PartialFailure);
    if (result.status !== LogsQueryResultStatus.PartialFailure) return;
    expect(result.partialTables[0]?.rows.length).toBe(2);
    expect(result.partialError.code).toBe('PartialError');
  });

  it("retries after a throttled answer's Retry-After, and fails without one", async () => {
    cloud.logAnalytics.failNext(429, 1, 0);
    expect((await ask('AZKVAuditLogs | count')).rows).toEqual([[3]]);
    cloud.logAnalytics.failNext(429, 1);
    await expect(ask('AZKVAuditLogs | count | take 1')).rejects.toMatchObject({ statusCode: 429 });
  });

  it('gets no body from a workspace without a table', async () => {
    cloud.logAnalytics.answerEmpty(true);
    await expect(ask('AZKVAuditLogs')).rejects.toMatchObject({ statusCode: 204 });
    cloud.logAnalytics.answerEmpty(false);
  });

  it('gets an answer that may be two minutes old unless it requests a fresh one', async () => {
    const post = async (headers: Record<string, string>) => {
      const reader = cloud.identity.principals()[0];
      if (!reader) throw new Error('no principal');
      return new Promise<{ age: string | undefined; count: unknown }>((resolve, reject) => {
        const sent = request(
          `${cloud.logAnalytics.url}/v1/workspaces/${cloud.logAnalytics.workspaceId}/query`,
          {
            method: 'POST',
            ca: cloud.logAnalytics.certificate,
            headers: {
              Authorization: `Bearer ${cloud.identity.tokenFor(reader, 'https://api.loganalytics.io')}`,
              ...headers,
            },
          },
          (response) => {
            const chunks: Buffer[] = [];
            response.on('data', (chunk: Buffer) => chunks.push(chunk));
            response.on('end', () => {
              const body = JSON.parse(Buffer.concat(chunks).toString()) as { tables: { rows: unknown[][] }[] };
              resolve({ age: response.headers.age, count: body.tables[0]?.rows[0]?.[0] });
            });
          },
        );
        sent
          .on('error', reject)
          .end(JSON.stringify({ query: 'AZKVAuditLogs | where OperationName == "Fresh" | count' }));
      });
    };
    cloud.clock.stand();
    expect(await post({})).toEqual({ age: undefined, count: 0 });
    cloud.auditLog.append({ OperationName: 'Fresh' });
    cloud.clock.advance(60_000);
    expect(await post({})).toEqual({ age: '60', count: 0 });
    expect(await post({ 'Cache-Control': 'no-cache' })).toEqual({ age: undefined, count: 1 });
    cloud.clock.run();
  });

  it("answers the project's own query files", async () => {
    for (const file of ['src/azure/retrievals.kql', 'src/azure/control-totals.kql']) {
      const text = readFileSync(file, 'utf8')
        .replaceAll('{{from}}', '2026-03-01T00:00:00Z')
        .replaceAll('{{to}}', '2026-04-01T00:00:00Z')
        .replaceAll('{{ids}}', JSON.stringify([cloud.vault.resourceId]))
        .replaceAll('{{names}}', '[]');
      const { rows } = await ask(text);
      expect(rows.length, file).toBe(file.includes('totals') ? 2 : 3);
    }
  });
});
