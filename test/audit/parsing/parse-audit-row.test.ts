import { describe, expect, it } from 'vitest';
import { parseAuditRow } from '../../../src/audit/parsing/parse-audit-row.ts';
import type { Retrieval } from '../../../src/audit/model/retrieval.ts';

const row = {
  TimeGenerated: '2026-03-02T08:00:00.1234567Z',
  OperationName: 'SecretGet',
  HttpStatusCode: 200,
  ResultType: 'Success',
  ResultSignature: 'OK',
  Id: 'https://kv-prod.vault.azure.net/secrets/Database/0123456789abcdef0123456789abcdef',
  RequestUri: 'https://kv-prod.vault.azure.net/secrets/Database/?api%2Dversion=2025-07-01',
  Identity: { claim: { oid: 'A1', appid: 'B2', xms_mirid: '/subscriptions/S/x', idtyp: 'app' } },
  CallerIpAddress: '20.1.1.1',
  CorrelationId: 'C3',
  _ResourceId: '/subscriptions/s/resourcegroups/g/providers/microsoft.keyvault/vaults/kv-prod',
};

function read(change: object): Retrieval {
  const answer = parseAuditRow({ ...row, ...change }, 'here');
  if (answer.outcome === 'refused') throw new Error(answer.reason);
  return answer.retrieval;
}

describe('an audit row', () => {
  it('is parsed with all its digits and in lower case', () => {
    expect(read({})).toMatchObject({
      at: '2026-03-02T08:00:00.1234567Z',
      kind: 'read',
      vault: 'kv-prod',
      secret: 'database',
      version: '0123456789abcdef0123456789abcdef',
      requestedVersion: null,
      identity: { objectId: 'a1', applicationId: 'b2', managedIdentity: '/subscriptions/s/x', kind: 'workload' },
      correlationId: 'c3',
      denial: null,
    });
  });

  it('can differ from another only in the seventh digit', () => {
    expect(read({ TimeGenerated: '2026-03-02T08:00:00.1234568Z' }).id).not.toBe(read({}).id);
  });

  it.each([
    ['the challenge of a new client', { OperationName: 'Authentication', HttpStatusCode: 401, Identity: {} }, 'probe'],
    ['a refusal with an identity', { OperationName: 'Authentication', HttpStatusCode: 401 }, 'denied'],
    ['a read with a dead token', { HttpStatusCode: 401, ResultSignature: 'Unauthorized', Identity: {} }, 'denied'],
    ['a read that was throttled', { HttpStatusCode: 429, ResultSignature: 'TooManyRequests' }, 'failed'],
    ['a backup, which discloses the value', { OperationName: 'SecretBackup' }, 'read'],
    ['a deletion', { OperationName: 'SecretDelete' }, 'write'],
    ['a list of versions', { OperationName: 'SecretListVersions', Id: '' }, 'list'],
    ['a near-expiry notice', { OperationName: 'SecretNearExpiryEventGridNotification' }, 'platform'],
    ['a key', { OperationName: 'KeySign' }, 'not-a-secret'],
    ['an operation in another case', { OperationName: 'secretget' }, 'read'],
  ])('that is %s is classified so', (_, change, kind) => {
    expect(read(change).kind).toBe(kind);
  });

  it.each([
    ['rbac', { IsRbacAuthorized: false }],
    ['access-policy', { IsAccessPolicyMatch: 'False' }],
    ['firewall', { IsAddressAuthorized: false, IsRbacAuthorized: false }],
    ['disabled', { ResultDescription: 'Operation get is not allowed on a disabled secret.', IsRbacAuthorized: true }],
    ['unknown', {}],
  ])('that was refused states why: %s', (denial, change) => {
    const refused = { HttpStatusCode: 403, ResultSignature: 'Forbidden', Id: '' };
    expect(read({ ...refused, ...change })).toMatchObject({
      kind: 'denied',
      denial,
      version: null,
      secret: 'database',
    });
  });

  it('distinguishes a pinned version from the one that was served', () => {
    const pinned = read({ RequestUri: 'https://kv-prod.vault.azure.net/secrets/Database/FEDC?api-version=7.4' });
    expect(pinned).toMatchObject({ requestedVersion: 'fedc', version: '0123456789abcdef0123456789abcdef' });
  });

  it.each([
    ['no object', 'text', 'it is not an object'],
    ['no time', { ...row, TimeGenerated: 'yesterday' }, 'it has no time (TimeGenerated or time, ISO 8601)'],
    ['a misspelt status', { ...row, HttpStatusCode: undefined, HttpStatus: 200 }, 'it has no HttpStatusCode'],
    ['a status that is no number', { ...row, HttpStatusCode: 'OK' }, 'it has no HttpStatusCode'],
    ['no operation', { ...row, OperationName: '' }, 'it has no OperationName'],
    [
      'no vault',
      { ...row, _ResourceId: '', Id: '', RequestUri: 'https://elsewhere/x' },
      'it names no vault (_ResourceId or resourceId)',
    ],
    [
      'an unknown operation on secrets',
      { ...row, OperationName: 'SecretTeleport' },
      'this release does not know its operation on secrets: SecretTeleport',
    ],
  ])('with %s is refused, naming its place', (_, broken, reason) => {
    expect(parseAuditRow(broken, 'slices/x#7')).toEqual({ outcome: 'refused', place: 'slices/x#7', reason });
  });
});
