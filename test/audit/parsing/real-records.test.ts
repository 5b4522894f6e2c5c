import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { unwrapAuditRows } from '../../../src/audit/files/unwrap-audit-rows.ts';
import { parseAuditRow } from '../../../src/audit/parsing/parse-audit-row.ts';
import { contractsAreHere, publishedContract, unlessContractsAreAbsent } from '../../published-contracts.ts';
import { type ExpectedRecord, expectedRecords } from '../expected-records.ts';
import type { Retrieval } from '../../../src/audit/model/retrieval.ts';

function readContract(name: string): string | null {
  return contractsAreHere ? readFileSync(publishedContract(`05-audit-records/${name}`), 'utf8') : null;
}

type Row = Record<string, unknown>;

const text = readContract('keyvault-audit-records.ndjson');
const envelope = readContract('PT1H-like-event-hub-envelope.json');
const wrapped = (text ?? '').split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as { record: Row }]));

describe('the 29 published audit records', unlessContractsAreAbsent, () => {
  it('are classified as in a manual review, in their published wrapping', () => {
    expect(wrapped.map((one, index) => summary(one, index))).toEqual(expectedRecords);
  });

  it('are the same as bare records', () => {
    expect(wrapped.map(({ record }, index) => summary(record, index))).toEqual(expectedRecords);
  });

  it('are the same with every value as text, as tools export them', () => {
    expect(wrapped.map(({ record }, index) => summary(asText(record) as Row, index))).toEqual(expectedRecords);
  });

  it('are the same as rows of AZKVAuditLogs', () => {
    const archived = wrapped.filter(({ record }) => record['time'] !== undefined);
    expect(archived).toHaveLength(27);
    expect(archived.map(({ record }, index) => summary(asTableRow(record), index))).toEqual(
      expectedRecords.filter((_, index) => wrapped[index]?.record['time'] !== undefined),
    );
  });

  it('are the same as rows of AzureDiagnostics', () => {
    const archived = wrapped.filter(({ record }) => record['time'] !== undefined && record['PoolName'] === undefined);
    expect(archived.map(({ record }, index) => summary(asDiagnosticsRow(record), index))).toEqual(
      expectedRecords.filter(
        ([operation], index) => wrapped[index]?.record['time'] !== undefined && operation !== 'BackupCreate',
      ),
    );
  });

  it('name the caller by object id, in both spellings of claims', () => {
    const identities = wrapped.map((one) => parsed(one).identity);
    expect(identities.map(({ objectId }) => objectId).filter((id) => id === null)).toEqual([]);
    expect(identities[19]).toMatchObject({
      objectId: 'd9da5048-2737-4770-bd64-xxxxxxxxxxxx',
      userPrincipalName: 'live.com#username@outlook.com',
      applicationId: '1950a258-227b-4e31-a9cf-xxxxxxxxxxxx',
    });
    expect(identities[22]).toMatchObject({ objectId: '<object-id>', userPrincipalName: '<user-email>' });
  });

  it('show the contradiction between status and signature in exactly one record', () => {
    expect(wrapped.flatMap((one, index) => (parsed(one).statusDisagrees === true ? [index] : []))).toEqual([20]);
  });

  it('are distinguished by their source', () => {
    const sources = wrapped.map((one) => parsed(one).sources[0]);
    expect(
      sources.map((source, index) => (source === 'AzureDiagnostics' ? index : -1)).filter((at) => at >= 0),
    ).toEqual([26, 27]);
    expect(parsed(asTableRow(wrapped[23]?.record ?? {})).sources).toEqual(['AZKVAuditLogs']);
  });

  it('have one id each, the same in every shape', () => {
    const ids = wrapped.map((one) => parsed(one).id);
    expect(new Set(ids).size).toBe(28); // Record 20 is record 19 with another signature.
    expect(parsed(asTableRow(wrapped[23]?.record ?? {})).id).toBe(ids[23]);
    expect(parsed(asDiagnosticsRow(wrapped[23]?.record ?? {})).id).toBe(ids[23]);
  });

  it('are found in the envelope of Event Hub and of older archives', () => {
    const rows = [...unwrapAuditRows(JSON.parse(envelope ?? 'null'))];
    // All except the managed HSM's and the two of AzureDiagnostics.
    const archived = expectedRecords.filter((_, index) => index !== 22 && index !== 26 && index !== 27);
    expect(rows.map((row, index) => summary(row, index))).toEqual(archived);
  });
});

function parsed(row: unknown): Retrieval {
  const answer = parseAuditRow(row, 'a record');
  if (answer.outcome === 'refused') throw new Error(answer.reason);
  return answer.retrieval;
}

function summary(row: unknown, index: number): ExpectedRecord | string {
  const answer = parseAuditRow(row, `record ${String(index)}`);
  if (answer.outcome === 'refused') return `${answer.place}: ${answer.reason}`;
  const { operation, status, kind, denial, vault, secret, version, identity, at } = answer.retrieval;
  return [operation, status, kind, denial, vault, secret, version, identity.kind as 'person', at];
}

/** Booleans as `True`, numbers as digits, null as `None`. */
function asText(value: unknown): unknown {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.map(asText);
  if (typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, asText(one)]));
  return value;
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** An archive record in the columns of AZKVAuditLogs. */
function asTableRow({ time, resourceId, properties, ...rest }: Row): Row {
  const columns = { ...(properties as Row | undefined), ...rest };
  return {
    ...Object.fromEntries(Object.entries(columns).map(([name, value]) => [capital(name), value])),
    TimeGenerated: time,
    _ResourceId: String(resourceId).toLowerCase(),
    Type: 'AZKVAuditLogs',
  };
}

/** An archive record in the columns of AzureDiagnostics: one column per claim, type suffixes, its own capitals. */
function asDiagnosticsRow({ time, resourceId, properties, identity, callerIpAddress, ...rest }: Row): Row {
  const claims = Object.entries(((identity as Row)['claim'] ?? {}) as Row).filter(
    ([, value]) => typeof value === 'string',
  );
  const inner = (properties ?? {}) as Row;
  return {
    ...Object.fromEntries(Object.entries(rest).map(([name, value]) => [capital(name), value])),
    ...Object.fromEntries(
      claims.map(([name, value]) => [
        `identity_claim_${name.replace(/[^a-z0-9]+/gi, '_')}_${/oid|identifier|appid$/.test(name) ? 'g' : 's'}`,
        value,
      ]),
    ),
    id_s: inner['id'],
    requestUri_s: inner['requestUri'],
    clientInfo_s: inner['clientInfo'],
    httpStatusCode_d: inner['httpStatusCode'],
    isAccessPolicyMatch_b: inner['isAccessPolicyMatch'],
    isRbacAuthorized_b: inner['isRbacAuthorized'],
    CallerIPAddress: callerIpAddress,
    TimeGenerated: time,
    ResourceId: String(resourceId).toUpperCase(),
    _ResourceId: String(resourceId).toLowerCase(),
  };
}
