import { setTimeout as timer } from 'node:timers/promises';
import { jsonProperties } from '../../gitea/json-properties.ts';
import type { IssueRequest } from '../../rotation/ports/credential-issuer.ts';
import { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import { type AccessTokens, bearerHeader } from '../shared/access-tokens.ts';
import { type ProviderAnswer, providerRequest } from '../shared/provider-request.ts';
import { type RegistryPassword, type RegistryPasswordName, registryPasswordNames } from './registry-password.ts';

const apiVersion = '2023-07-01';
const waitMs = 2_000;

interface Ports {
  readonly issuer: string;
  readonly tokens: AccessTokens;
  readonly endpoint: string;
  /** The resource id of a token: `…/registries/REGISTRY/tokens/TOKEN`. */
  readonly tokenId: string;
  /** Waits, and rejects if the signal aborts first. Defaults to the system's timer. */
  readonly pause?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

interface Registry extends Ports {
  readonly origin: string;
}

/**
 * Azure Resource Manager's two requests about a registry's token. Sources, read in November 2026:
 * https://learn.microsoft.com/en-us/rest/api/container-registry/registries/generate-credentials,
 * https://learn.microsoft.com/en-us/javascript/api/@azure/arm-containerregistry/tokenpassword, and
 * https://github.com/Azure/azure-rest-api-specs, containerregistry 2023-07-01, RegistryGenerateCredentials.json and
 * TokenCreate.json.
 */
export function registryTokenApi(given: Ports) {
  const registry = { ...given, origin: new URL(given.endpoint).origin };
  return {
    /** The token's status, and its passwords without their values. */
    token: (signal: AbortSignal) => readToken(registry, signal),
    /**
     * Sets one password and returns it. Azure may answer 202 and tell the value later, at an address of its own.
     * @throws ServiceError `PROVIDER_ANSWER_UNCLEAR` when the value was not told.
     */
    generate: (wanted: Wanted, request: IssueRequest) => generate(registry, wanted, request),
  };
}

interface Wanted {
  readonly slot: RegistryPasswordName;
  readonly expiry: Date;
}

async function readToken(
  registry: Registry,
  signal: AbortSignal,
): Promise<{ readonly status: unknown; readonly passwords: readonly RegistryPassword[] }> {
  const { status, body } = await ask(registry, { signal }, 'GET', addressOf(registry, registry.tokenId));
  const details = { issuer: registry.issuer, provider: registry.tokenId };
  if (status === 404) throw new ServiceError('PROVIDER_STATE_REFUSED', { ...details, reason: 'it does not exist' });
  const properties = jsonProperties(jsonProperties(body).get('properties'));
  const listed = jsonProperties(properties.get('credentials')).get('passwords') ?? [];
  if (!Array.isArray(listed))
    throw new ServiceError('PROVIDER_ANSWER_MALFORMED', { ...details, place: 'properties.credentials.passwords' });
  const passwords = listed.map(jsonProperties).flatMap((one) => {
    const name = registryPasswordNames.find((known) => known === one.get('name'));
    return name === undefined
      ? []
      : [{ name, expiry: timeOf(one.get('expiry')), madeAt: timeOf(one.get('creationTime')) }];
  });
  return { status: properties.get('status'), passwords };
}

async function generate(registry: Registry, { slot, expiry }: Wanted, request: IssueRequest): Promise<SecretValue> {
  const { tokenId } = registry;
  const registryId = tokenId.replace(/\/tokens\/[^/]+$/i, '');
  const address = addressOf(registry, `${registryId}/generateCredentials`);
  const body = JSON.stringify({ tokenId, name: slot, expiry: expiry.toISOString() });
  let answer = await ask(registry, request, 'POST', address, body);
  if (answer.status === 404)
    throw new ServiceError('PROVIDER_STATE_REFUSED', {
      issuer: registry.issuer,
      provider: tokenId,
      reason: 'the registry or its token does not exist',
    });
  while (answer.status === 202) {
    const later = laterAddress(registry, answer);
    await (registry.pause ?? systemPause)(waitMs, request.signal).catch(() => {
      throw unclear(registry, 'the request has not finished');
    });
    // The value is told here alone: an answer that fails is one that is lost.
    answer = await ask(registry, { signal: request.signal }, 'GET', later).catch(() => {
      throw unclear(registry, 'the result could not be read');
    });
  }
  const told = jsonProperties(answer.body).get('passwords');
  const mine = (Array.isArray(told) ? told : []).map(jsonProperties).find((one) => one.get('name') === slot);
  const value = mine?.get('value');
  if (typeof value !== 'string' || value === '') throw unclear(registry, 'no password in the answer');
  return new SecretValue(value);
}

export async function systemPause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await timer(milliseconds, null, { signal });
}

/** Nothing fetches an address that came in an answer, unless it is the same service's and subscription's. */
function laterAddress(registry: Registry, { headers }: ProviderAnswer): string {
  const url = URL.parse(headers.get('location') ?? '', registry.origin);
  const [, , subscription = ''] = registry.tokenId.split('/');
  const inside = `/subscriptions/${subscription}/`.toLowerCase();
  if (url?.origin !== registry.origin || !url.pathname.toLowerCase().startsWith(inside))
    throw unclear(registry, 'the result is at an unexpected address');
  return url.href;
}

async function ask(
  { issuer, tokens, tokenId, origin }: Registry,
  { signal, deadline }: Pick<IssueRequest, 'signal' | 'deadline'>,
  method: 'GET' | 'POST',
  url: string,
  body?: string,
): Promise<ProviderAnswer> {
  const asked = { issuer, provider: tokenId, signal };
  const authorization = await bearerHeader(tokens, `${origin}/.default`, asked);
  return await providerRequest({
    ...asked,
    method,
    url,
    headers: { ...authorization, accept: 'application/json', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body }),
    changes: method === 'POST',
    deadline,
  });
}

function addressOf({ endpoint }: Registry, path: string): string {
  return `${endpoint.replace(/\/+$/, '')}${path}?api-version=${apiVersion}`;
}

function unclear({ issuer, tokenId }: Registry, reason: string): ServiceError {
  return new ServiceError('PROVIDER_ANSWER_UNCLEAR', { issuer, provider: tokenId, reason });
}

function timeOf(given: unknown): Date | null {
  const time = new Date(typeof given === 'string' ? given : '');
  return Number.isNaN(time.getTime()) ? null : time;
}
