import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { azureIds } from '../azure-ids.ts';
import type { KnownToken } from '../identity/identity-register.ts';

/** What the vault knows about a request when it writes the row. */
export interface AuditedRequest {
  readonly vaultName: string;
  readonly operation: string;
  readonly apiVersion: string;
  readonly status: number;
  readonly description?: string;
  readonly id?: string;
  /** The request address, including the query. */
  readonly requestUri: string;
  readonly token: KnownToken | null;
  readonly address: string;
  readonly userAgent: string;
  /** The server's request id, as in the answer's `x-ms-request-id`. */
  readonly requestId: string;
  readonly durationMs: number;
  readonly authorized?: boolean;
  readonly assignmentId?: string;
  readonly secretProperties?: object;
}

/** Token claims that the log contains. */
const loggedClaims = ['oid', 'appid', 'upn', 'unique_name', 'xms_mirid', 'idtyp', 'scp', 'appidacr', 'ipaddr'];

/** One request as a row of AZKVAuditLogs, without the arrival times. */
export function toAuditRow(request: AuditedRequest, timeGenerated: string): Readonly<Record<string, unknown>> {
  return {
    TenantId: azureIds.workspace,
    TimeGenerated: timeGenerated,
    OperationName: request.operation,
    OperationVersion: request.apiVersion,
    // Always "Success", even for denials, as in the real table.
    ResultType: 'Success',
    ResultSignature: STATUS_CODES[request.status] ?? String(request.status),
    ...(request.description === undefined ? {} : { ResultDescription: request.description }),
    HttpStatusCode: request.status,
    ...(request.id === undefined ? {} : { Id: request.id }),
    RequestUri: request.requestUri,
    Identity: request.token === null ? {} : { claim: claimsOf(request.token) },
    CallerIpAddress: request.address,
    ClientInfo: request.userAgent,
    CorrelationId: request.requestId,
    DurationMs: request.durationMs,
    ...(request.authorized === undefined ? {} : { IsRbacAuthorized: request.authorized }),
    ...(request.assignmentId === undefined ? {} : { AppliedAssignmentId: request.assignmentId }),
    ...(request.secretProperties === undefined ? {} : { SecretProperties: request.secretProperties }),
    IsAddressAuthorized: true,
    AddressAuthorizationType: 'PublicAddress',
    SourceSystem: 'Azure',
    Type: 'AZKVAuditLogs',
    _ResourceId: azureIds.vault(request.vaultName),
    _SubscriptionId: azureIds.subscription,
    _ItemId: randomUUID(),
    _IsBillable: 'True',
  };
}

function claimsOf(token: KnownToken): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    loggedClaims.flatMap((name) => (token.claims[name] === undefined ? [] : [[name, token.claims[name]]])),
  );
}
