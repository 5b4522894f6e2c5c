import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';
import type { LoopbackAnswer, LoopbackRequest } from '../../loopback-server.ts';
import { toAuditRow } from '../audit-log/audit-row.ts';
import { azureIds } from '../azure-ids.ts';
import type { WritableAuditLog } from '../audit-log/create-audit-log.ts';
import type { IdentityRegister, KnownToken } from '../identity/identity-register.ts';
import type { VaultFault } from './key-vault.ts';
import { performOperation } from './perform-operation.ts';
import { secretId } from './secret-bundle.ts';
import type { EmbeddedSecretStore, StoredVersion } from './in-memory-secret-store.ts';
import { badParameter, type VaultAnswer, vaultError } from './vault-answer.ts';
import type { VaultFaults } from './vault-faults.ts';
import { denialText, type VaultGrants } from './vault-grants.ts';
import { recogniseOperation, type VaultOperation } from './vault-operation.ts';
import type { WriteLimit } from './write-limit.ts';

export interface VaultServices {
  readonly clock: Clock;
  readonly name: string;
  readonly url: string;
  readonly resourceId: string;
  /** Whom a token must be for: `https://vault.azure.net`, or that of another cloud. */
  readonly audience: string;
  readonly register: IdentityRegister;
  readonly auditLog: WritableAuditLog;
  readonly secretStore: EmbeddedSecretStore;
  readonly grants: VaultGrants;
  readonly faults: VaultFaults;
  readonly limit: WriteLimit;
  readonly onNewVersion: (version: StoredVersion) => void;
}

/** The result of a request: the answer, and further data for its row. */
interface Outcome {
  readonly answer: VaultAnswer;
  readonly lost?: boolean;
  readonly authorized?: boolean;
  readonly assignmentId?: string;
}

/** Answers one request like the vault, and writes its row whatever the answer, even if the answer is lost. */
export async function answerVaultRequest(services: VaultServices, request: LoopbackRequest): Promise<LoopbackAnswer> {
  const startedAt = performance.now();
  const requestId = randomUUID();
  const token = tokenOf(services, request);
  const operation = recogniseOperation(request.method, request.segments);
  const outcome = await decide(services, request, operation, token);
  const address = token?.principal.address ?? '127.0.0.1';
  services.auditLog.write((timeGenerated) =>
    toAuditRow(
      {
        vaultName: services.name,
        // A request without a token is logged as `Authentication`, whatever it requested; a request with an invalid
        // token is not.
        operation: request.headers['authorization'] === undefined ? 'Authentication' : (operation?.name ?? 'Unknown'),
        apiVersion: request.url.searchParams.get('api-version') ?? '',
        status: outcome.answer.status,
        requestUri: services.url + request.target,
        token,
        address,
        userAgent: request.headers['user-agent'] ?? '',
        requestId,
        durationMs: Math.round(performance.now() - startedAt),
        ...(outcome.answer.description === undefined ? {} : { description: outcome.answer.description }),
        ...idOf(services, operation, outcome.answer),
        ...(outcome.answer.secretProperties === undefined ? {} : { secretProperties: outcome.answer.secretProperties }),
        ...(outcome.authorized === undefined ? {} : { authorized: outcome.authorized }),
        ...(outcome.assignmentId === undefined ? {} : { assignmentId: outcome.assignmentId }),
      },
      timeGenerated,
    ),
  );
  if (outcome.lost) return { lost: true };
  const { status, body, headers } = outcome.answer;
  return {
    status,
    ...(body === undefined ? {} : { body }),
    headers: {
      'Cache-Control': 'no-cache',
      'X-Content-Type-Options': 'nosniff',
      'x-ms-keyvault-region': 'westeurope',
      'x-ms-keyvault-service-version': '1.9.2871.1',
      'x-ms-request-id': requestId,
      'x-ms-keyvault-network-info': `conn_type=Ipv4;addr=${address};act_addr_fam=InterNetwork;`,
      ...clientRequestId(request),
      ...headers,
    },
  };
}

async function decide(
  services: VaultServices,
  request: LoopbackRequest,
  operation: VaultOperation | null,
  token: KnownToken | null,
): Promise<Outcome> {
  if (token === null) return { answer: challenge(services, request) };
  if (operation === null) return { answer: vaultError(404, 'NotFound', 'The requested resource was not found') };
  if (!request.url.searchParams.get('api-version')) return { answer: badParameter('api-version must be specified') };
  const faults = services.faults.meet(request.method, operation.secret);
  for (const fault of faults) if (fault.kind === 'delay') await wait(fault.delayMs ?? 0);
  const fault = faults.find(({ kind }) => kind !== 'delay');
  const early = fault ? answerEarly(fault, services, token, operation) : null;
  if (early) return early;
  const allowed = services.grants.allow(token.principal, operation);
  if (!allowed && operation.rights.length > 0) return deny(services, token, operation, 'ForbiddenByRbac');
  if (operation.write && !services.limit.pass()) return { answer: throttled(services.limit.retryAfterSeconds()) };
  const answer = performOperation(operation, {
    secretStore: services.secretStore,
    vaultUrl: services.url,
    now: Math.floor(services.clock.now().getTime() / 1000),
    apiVersion: request.url.searchParams.get('api-version') ?? '',
    body: request.body,
    list: {
      maxResults: request.url.searchParams.get('maxresults'),
      skipToken: request.url.searchParams.get('$skiptoken'),
    },
    onNewVersion: services.onNewVersion,
  });
  const done = authorisedBy(allowed);
  if (fault?.kind === 'lose-answer') return { answer, lost: true, ...done };
  if (fault?.kind === 'fail-after') return { answer: { ...serverError(fault.status ?? 500) }, ...done };
  return { answer, ...done };
}

function authorisedBy(
  allowed: { readonly assignmentId?: string } | null,
): Pick<Outcome, 'authorized' | 'assignmentId'> {
  const assignmentId = allowed?.assignmentId;
  return { authorized: allowed !== null, ...(assignmentId === undefined ? {} : { assignmentId }) };
}

/** Faults that stop a request before it has an effect; `null` for faults that only affect the answer. */
function answerEarly(
  fault: VaultFault,
  services: VaultServices,
  token: KnownToken,
  operation: VaultOperation,
): Outcome | null {
  switch (fault.kind) {
    case 'fail-before':
      return { answer: serverError(fault.status ?? 503) };
    case 'throttle':
      return { answer: throttled(fault.retryAfterSeconds ?? null) };
    case 'deny':
      return deny(services, token, operation, fault.innerCode ?? 'ForbiddenByRbac');
    case 'lose-answer':
    case 'fail-after':
    case 'delay':
      return null;
  }
}

function deny(services: VaultServices, token: KnownToken, operation: VaultOperation, innerCode: string): Outcome {
  const text = denialText(token.principal, operation, services);
  return { answer: vaultError(403, 'Forbidden', text, innerCode), authorized: false };
}

function tokenOf(services: VaultServices, request: LoopbackRequest): KnownToken | null {
  const [scheme, token] = (request.headers['authorization'] ?? '').split(' ');
  if (scheme?.toLowerCase() !== 'bearer' || token === undefined) return null;
  const known = services.register.lookUp(token);
  return known?.audience === services.audience ? known : null;
}

function challenge({ audience }: VaultServices, request: LoopbackRequest): VaultAnswer {
  const message = request.headers['authorization']
    ? 'AKV10022: Invalid audience, or the token is not known or has run out.'
    : 'Request is missing a Bearer or PoP token.';
  return {
    ...vaultError(401, 'Unauthorized', message),
    headers: {
      'WWW-Authenticate': `Bearer authorization="https://login.windows.net/${azureIds.tenant}", resource="${audience}"`,
    },
  };
}

function throttled(retryAfterSeconds: number | null): VaultAnswer {
  return {
    ...vaultError(
      429,
      'Throttled',
      'Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached',
    ),
    ...(retryAfterSeconds === null ? {} : { headers: { 'Retry-After': String(retryAfterSeconds) } }),
  };
}

function serverError(status: number): VaultAnswer {
  return vaultError(status, 'InternalServerError', 'An internal server error occurred.');
}

/** The object in the row: from the answer, or else the requested name; lists have none. */
function idOf(services: VaultServices, operation: VaultOperation | null, answer: VaultAnswer): { id?: string } {
  if (answer.id !== undefined) return { id: answer.id };
  if (!operation?.secret || operation.name === 'SecretListVersions') return {};
  return { id: secretId(services.url, operation.secret) };
}

function clientRequestId(request: LoopbackRequest): Readonly<Record<string, string>> {
  const id = request.headers['x-ms-client-request-id'];
  return id === undefined ? {} : { 'x-ms-client-request-id': id };
}
