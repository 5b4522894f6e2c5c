import { afterEach, describe, expect, it } from 'vitest';
import { createClock } from '../../embedded/clock.ts';
import { startEmbeddedCloud } from '../../embedded/start-embedded-cloud.ts';
import type { Retrieval } from '../../src/audit/model/retrieval.ts';
import { parseAuditRow } from '../../src/audit/parsing/parse-audit-row.ts';
import { bindQuery, readQueryFile } from '../../src/azure/bind-query.ts';
import { logAnalyticsRetrievalLog } from '../../src/azure/log-analytics-retrieval-log.ts';
import { monitorQuery } from '../../src/azure/monitor-query.ts';
import { unlessContractsAreAbsent } from '../published-contracts.ts';
import { contractTables, kustoDiagnostics } from './kusto-diagnostics.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const interval = { from: new Date('2026-03-02T08:00:00Z'), to: new Date('2026-03-02T09:00:00Z') };
const uri = 'https://kv.vault.azure.net/secrets/database';
const vaultColumns = {
  id_s: `${uri}/0123456789abcdef0123456789abcdef`,
  requestUri_s: `${uri}/?api-version=2025-07-01`,
  httpStatusCode_d: 200,
  clientInfo_s: 'az',
};
const claimColumns = [
  'identity_claim_oid_g',
  'identity_claim_http_schemas_microsoft_com_identity_claims_objectidentifier_g',
  'identity_claim_upn_s',
  'identity_claim_http_schemas_xmlsoap_org_ws_2005_05_identity_claims_upn_s',
  'identity_claim_http_schemas_xmlsoap_org_ws_2005_05_identity_claims_name_s',
  'identity_claim_http_schemas_microsoft_com_identity_claims_scope_s',
  'identity_claim_unique_name_s',
  'identity_claim_idtyp_s',
];

/** Parses one row of AzureDiagnostics through the query and the parser, without columns that no row has had. */
async function readRow(cells: object, dropped: readonly string[] = []): Promise<Retrieval> {
  const cloud = await startEmbeddedCloud({ clock: createClock(new Date('2026-03-02T13:00:00Z')) });
  stops.push(() => cloud.stop());
  cloud.auditLog.setDelay(0);
  cloud.logAnalytics.dropColumns('AzureDiagnostics', dropped);
  cloud.auditLog.append({
    Type: 'AzureDiagnostics',
    TimeGenerated: '2026-03-02T08:10:00.1234567Z',
    Category: 'AuditEvent',
    OperationName: 'SecretGet',
    ResultSignature: 'OK',
    CallerIPAddress: '203.0.113.7',
    CorrelationId: 'c-1',
    _ResourceId: cloud.vault.resourceId,
    ...cells,
  });
  const reporter = cloud.identity.define({ name: 'reporter', kind: 'managed-identity', address: '20.4.4.4' });
  const token = cloud.identity.tokenFor(reporter, 'https://api.loganalytics.io');
  const { url: endpoint, workspaceId, certificate } = cloud.logAnalytics;
  const query = monitorQuery({
    endpoint,
    audience: 'https://api.loganalytics.io',
    workspaceId,
    certificate,
    credential: { getToken: () => Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) },
  });
  const vault = { name: cloud.vault.name, url: cloud.vault.url, resourceId: cloud.vault.resourceId };
  const log = logAnalyticsRetrievalLog(query, { workspaceId, vaults: [vault] });
  const { rows } = await log.rows(interval);
  // In its stored form: JSON.
  const parsed = parseAuditRow(JSON.parse(JSON.stringify(rows[0])), 'row');
  if (parsed.outcome === 'refused') throw new Error(parsed.reason);
  return parsed.retrieval;
}

const guest = { identity_claim_oid_g: 'a1', identity_claim_appid_g: '04b07795-8ddb-461a-bbee-02f9e1bf7b46' };

describe('a row of AzureDiagnostics', () => {
  it('without a user name belongs to a program', async () => {
    const { identity } = await readRow({ ...vaultColumns, ...guest });
    expect(identity).toMatchObject({ kind: 'workload', objectId: 'a1', userPrincipalName: null });
  });

  it.each<[string, Record<string, string>, string | null]>([
    [
      'the scope in its long name',
      { identity_claim_http_schemas_microsoft_com_identity_claims_scope_s: 'user_impersonation' },
      null,
    ],
    ['a unique name, as a guest has', { identity_claim_unique_name_s: 'live.com#guest@x.com' }, 'live.com#guest@x.com'],
    [
      'a name in its long form',
      { identity_claim_http_schemas_xmlsoap_org_ws_2005_05_identity_claims_name_s: 'Ann@x.com' },
      'ann@x.com',
    ],
  ])('that has only %s belongs to a person', async (_, claim, userPrincipalName) => {
    const { identity } = await readRow({ ...vaultColumns, ...guest, ...claim });
    expect(identity).toMatchObject({ kind: 'person', objectId: 'a1', userPrincipalName });
  });

  it.each([
    ['with the suffix of its type', (name: string) => name, (bag: object): unknown => bag],
    ['without it', (name: string) => name.replace(/_[sdg]$/, ''), (bag: object): unknown => bag],
    ['as text', (name: string) => name, (bag: object): unknown => JSON.stringify(bag)],
  ])('with all columns in AdditionalFields, %s, is parsed like any other', async (_, spell, keep) => {
    const values = { ...vaultColumns, ...guest, identity_claim_upn_s: 'ann@x.com', appliedAssignmentId_s: 'AA-1' };
    const bag = Object.fromEntries(Object.entries(values).map(([name, value]) => [spell(name), value]));
    const read = await readRow({ AdditionalFields: keep(bag) }, [...Object.keys(vaultColumns), ...claimColumns]);
    expect(read).toMatchObject({
      kind: 'read',
      status: 200,
      secret: 'database',
      version: '0123456789abcdef0123456789abcdef',
      client: 'az',
      roleAssignment: 'aa-1',
      identity: { kind: 'person', objectId: 'a1', userPrincipalName: 'ann@x.com' },
    });
  });

  it('of a table without claim columns names nobody, and is parsed', async () => {
    const read = await readRow(vaultColumns, [
      ...claimColumns,
      'identity_claim_appid_g',
      'AdditionalFields',
      'subnetId_s',
    ]);
    expect(read).toMatchObject({ kind: 'read', secret: 'database', identity: { kind: 'none' }, roleAssignment: null });
  });
});

describe("the query, read by Microsoft's own parser", unlessContractsAreAbsent, () => {
  const tables = contractTables() ?? {};
  const vault = { name: 'kv-prod', url: 'https://kv-prod.vault.azure.net', resourceId: null };
  const query = bindQuery(readQueryFile('retrievals.kql'), { ...interval, vaults: [vault] });
  const needed = ['TimeGenerated', 'OperationName', 'Category', '_ResourceId', 'HttpStatusCode'];

  it('is valid if AdditionalFields is missing or text, or ids are guids', () => {
    const { AdditionalFields: _, ...without } = tables['AzureDiagnostics'] ?? {};
    const guids = Object.fromEntries(
      Object.entries(without).map(([name, type]) => [name, name.endsWith('_g') ? 'guid' : type]),
    );
    for (const diagnostics of [without, { ...without, AdditionalFields: 'string' }, guids]) {
      expect(kustoDiagnostics(query, { ...tables, AzureDiagnostics: diagnostics })).toEqual([]);
    }
  });

  it('is valid for tables with only the required columns', () => {
    const least = Object.fromEntries(
      Object.entries(tables).map(([name, columns]) => [
        name,
        Object.fromEntries(Object.entries(columns).filter(([column]) => needed.includes(column))),
      ]),
    );
    expect(kustoDiagnostics(query, least)).toEqual([]);
  });
});
