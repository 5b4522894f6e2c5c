import { setTimeout as pause } from 'node:timers/promises';
import type {
  CredentialIssuer,
  IssueRequest,
  IssuedCredential,
  Verification,
} from '../../rotation/ports/credential-issuer.ts';
import type { SecretBinding } from '../../secrets/policy.ts';
import type { AzureCloud } from '../../secrets/azure-cloud.ts';
import { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import { type AccessTokens, bearerHeader } from '../shared/access-tokens.ts';
import { type ArmResource, parseArmResource } from './arm-resource.ts';
import { extractPart, partsLost } from './connection-string-parts.ts';
import { providerRequest } from '../shared/provider-request.ts';
import { refused } from '../shared/refused.ts';
import { oneOf, optional, text } from '../shared/target-fields.ts';
import { targetRefused, targetShape } from '../shared/target-shape.ts';
import type { ServiceKey, TwoKeyService } from './two-key-service.ts';
import { twoKeyServices } from './two-key-services.ts';

const name = 'azure-keys';
const shape = targetShape(
  name,
  {
    resource: text(/\/subscriptions\/[^\s?#%]{1,500}/, 'the id of an Azure resource'),
    form: optional(oneOf(['key', 'connection-string']), 'key'),
    access: optional(oneOf(['full', 'read-only']), 'full'),
  },
  ({ resource, form, access }) => {
    const service = findService(parseArmResource(resource));
    if (service === null) return [{ place: 'target.resource', reason: `must be one of ${types()}` }];
    if (access === 'read-only' && !service.readOnlyKeys)
      return [{ place: 'target.access', reason: 'has no read-only keys' }];
    const formless = form === 'connection-string' && service.keyField === null;
    return formless
      ? [{ place: 'target.form', reason: 'must be key: Keyturn builds no connection string for this service' }]
      : [];
  },
);

// A key that is not in force and this young was renewed by this rotation before an interruption.
const youngMs = 300_000;
const waitMs = 2_000;

interface Ports {
  readonly tokens: AccessTokens;
  /** `https://management.azure.com`, or another cloud's. */
  readonly endpoint: string;
  readonly cloud: AzureCloud;
}

/**
 * Rotates the two keys of an Azure resource. It finds the key in force by comparing values, never by a tag, and renews
 * and publishes the other one. Revocation renews the old key too, so that the old value stops working. Azure returns
 * both keys whenever asked.
 */
export function azureKeysIssuer(ports: Ports): CredentialIssuer {
  return {
    name,
    credentialClass: 'read-back',
    check: shape.check,
    propose: () => null,
    issue: (request) => issue(ports, request),
    formFor: (binding, { credentialId, value }) => {
      const { resource, service, form } = readTarget(binding);
      const key = { slot: credentialId, key: value.reveal() };
      return form === 'key' ? value : new SecretValue(service.connectionString(resource, key, ports.cloud));
    },
    verify: (request, credential) => verify(ports, request, credential),
    describe: async (request) => {
      const { idle } = await slots(ports, request);
      return { outcome: 'present', credentialId: idle.slot, value: new SecretValue(idle.key) };
    },
    // Keys have no names, and there are always exactly two, so none can be an orphan.
    list: () => Promise.resolve([]),
    revoke: (request, credentialId) => revoke(ports, request, credentialId),
    lastUsed: () => Promise.resolve(null),
  };
}

async function issue(ports: Ports, request: IssueRequest): Promise<IssuedCredential> {
  const { inForce, idle } = await slots(ports, request);
  requireNothingLost(ports, request, inForce);
  const young = idle.madeAt !== null && request.now.getTime() - idle.madeAt.getTime() < youngMs;
  const key = young ? idle : await renew(ports, request, idle);
  return { credentialId: key.slot, value: new SecretValue(key.key) };
}

/** Checks Azure's own list; it tries no session with the service itself, because each service has its own protocol. */
async function verify(ports: Ports, request: IssueRequest, credential: IssuedCredential): Promise<Verification> {
  const { resource, service } = readTarget(request.binding);
  const keys = await listKeys(ports, request);
  const key = keys.find((one) => one.key === keyIn(service, credential.value));
  if (key === undefined) return refused(false, 'Azure does not list this key');
  if (key.slot !== credential.credentialId) return refused(true, `Azure lists this key as ${key.slot}`);
  return {
    outcome: 'works',
    principal: `${resource.id} ${key.slot}`,
    notes: ['listed by Azure; no session with the service tried'],
  };
}

async function revoke(
  ports: Ports,
  request: IssueRequest,
  credentialId: string,
): ReturnType<CredentialIssuer['revoke']> {
  const keys = await listKeys(ports, request);
  const key = keys.find(({ slot }) => slot === credentialId);
  if (key === undefined) throw targetRefused(name, request.binding, 'CredentialId', 'is not one of the two keys');
  const { inForce } = await slots(ports, request, keys);
  if (inForce === null || inForce.slot === key.slot)
    throw stateRefused(request, `${key.slot} is in force, or nobody knows what is`);
  await renew(ports, request, key);
  return { outcome: 'revoked' };
}

/** Determines by value which key is in force and which is not. */
async function slots(
  ports: Ports,
  request: IssueRequest,
  known?: readonly [ServiceKey, ServiceKey],
): Promise<{ inForce: ServiceKey | null; idle: ServiceKey }> {
  const { service } = readTarget(request.binding);
  const keys = known ?? (await listKeys(ports, request));
  if (request.current === null) return { inForce: null, idle: keys[0] };
  const current = keyIn(service, request.current);
  const inForce = keys.find(({ key }) => key === current);
  // Somebody renewed the key by hand. Renewing either key might revoke one that is in use.
  if (inForce === undefined) throw stateRefused(request, 'the value in force is not one of its keys');
  return { inForce, idle: inForce === keys[0] ? keys[1] : keys[0] };
}

/**
 * The published form must contain everything that the current one has besides the key, or a successful rotation would
 * cut readers off.
 */
function requireNothingLost({ cloud }: Ports, { binding, current }: IssueRequest, inForce: ServiceKey | null): void {
  const { service, resource, form } = readTarget(binding);
  const value = current?.reveal() ?? '';
  if (inForce === null || form === 'key' || value === inForce.key) return;
  const lost = partsLost(value, service.connectionString(resource, inForce, cloud));
  if (lost.length === 0) return;
  const reason = `the connection string in force has parts that the published one would not have: ${lost.join(', ')}`;
  throw targetRefused(name, binding, 'target.form', reason);
}

async function renew(ports: Ports, request: IssueRequest, key: ServiceKey): Promise<ServiceKey> {
  const { service } = readTarget(request.binding);
  const { action, body } = service.renew(key.slot);
  await post(ports, request, action, true, body);
  // Some services answer 202 and renew later; the list shows when they have.
  for (;;) {
    const renewed = (await listKeys(ports, request)).find(({ slot }) => slot === key.slot);
    if (renewed !== undefined && renewed.key !== key.key) return renewed;
    await pause(waitMs, null, { signal: request.signal }).catch(() => {
      const provider = readTarget(request.binding).resource.id;
      throw new ServiceError('PROVIDER_ANSWER_UNCLEAR', {
        issuer: name,
        provider,
        reason: 'the renewal has not finished',
      });
    });
  }
}

async function listKeys(
  ports: Ports,
  request: Pick<IssueRequest, 'binding' | 'signal'>,
): Promise<readonly [ServiceKey, ServiceKey]> {
  const { service, resource, access } = readTarget(request.binding);
  const keys = service.read(await post(ports, request, service.list, false), access);
  if (keys === null)
    throw new ServiceError('PROVIDER_ANSWER_MALFORMED', { issuer: name, provider: resource.id, place: 'keys' });
  return keys;
}

async function post(
  ports: Ports,
  { binding, signal, deadline }: Pick<IssueRequest, 'binding' | 'signal' | 'deadline'>,
  action: string,
  changes: boolean,
  body: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const { resource, service } = readTarget(binding);
  const asked = { issuer: name, provider: resource.id, signal };
  const authorization = await bearerHeader(ports.tokens, `${new URL(ports.endpoint).origin}/.default`, asked);
  const answer = await providerRequest({
    ...asked,
    method: 'POST',
    url: `${ports.endpoint.replace(/\/+$/, '')}${resource.id}/${action}?api-version=${service.apiVersion}`,
    headers: { ...authorization, accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify(body),
    changes,
    deadline,
  });
  if (answer.status === 404) throw stateRefused({ binding }, 'the resource does not exist');
  return answer.body;
}

function readTarget(binding: SecretBinding) {
  const target = shape.read(binding);
  const resource = parseArmResource(target.resource);
  const service = findService(resource);
  if (resource === null || service === null)
    throw targetRefused(name, binding, 'target.resource', `must be one of ${types()}`);
  return { ...target, resource, service };
}

function findService(resource: ArmResource | null): TwoKeyService | null {
  return twoKeyServices.find(({ type }) => type === resource?.type) ?? null;
}

function types(): string {
  return twoKeyServices.map(({ type }) => type).join(', ');
}

/** The bare key of a value in either form. */
function keyIn({ keyField }: TwoKeyService, value: SecretValue): string {
  const plaintext = value.reveal();
  return (keyField === null ? null : extractPart(plaintext, keyField)) ?? plaintext;
}

function stateRefused({ binding }: Pick<IssueRequest, 'binding'>, reason: string): ServiceError {
  return new ServiceError('PROVIDER_STATE_REFUSED', {
    issuer: name,
    provider: readTarget(binding).resource.id,
    reason,
  });
}
