import type {
  CredentialIssuer,
  IssueRequest,
  IssuedCredential,
  Verification,
} from '../../rotation/ports/credential-issuer.ts';
import type { AzureCloud } from '../../secrets/azure-cloud.ts';
import type { SecretBinding } from '../../secrets/policy.ts';
import { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import { jsonProperties } from '../../gitea/json-properties.ts';
import type { AccessTokens } from '../shared/access-tokens.ts';
import { unreachable } from '../shared/provider-fault.ts';
import { providerRequest } from '../shared/provider-request.ts';
import { refused } from '../shared/refused.ts';
import { oneOf, optional, orNull, text } from '../shared/target-fields.ts';
import { targetRefused, targetShape } from '../shared/target-shape.ts';
import { parseArmResource } from './arm-resource.ts';
import {
  endedExpiry,
  expiryOf,
  isEnded,
  isMadeBy,
  isMadeByKeyturn,
  isSettling,
  type RegistryPassword,
  type RegistryPasswordName,
  registryPasswordNames,
} from './registry-password.ts';
import { registryTokenApi, systemPause } from './registry-token-api.ts';

const name = 'azure-registry-token';
export const registryTokenType = 'microsoft.containerregistry/registries/tokens';
const shape = targetShape(
  name,
  {
    token: text(/\/subscriptions\/[^\s?#%]{1,500}/, 'the id of a token of an Azure Container Registry'),
    loginServer: orNull(text(/[a-z0-9-]{5,80}\.azurecr\.(?:io|us|cn)/, 'a host such as shop.azurecr.io')),
    form: optional(oneOf(['password', 'json']), 'password'),
  },
  ({ token }) =>
    parseArmResource(token)?.type === registryTokenType
      ? []
      : [{ place: 'target.token', reason: `must be a ${registryTokenType}` }],
);

/** A new password must sign in a second time after this: the first success says nothing of the next server. */
const dwellMs = 20_000;
/** So long after it was sent a request may still arrive: what the machine waits for elsewhere, and the time to send it. */
const arriveWithinMs = 17 * 60_000;
/** When both passwords are taken, and one is an earlier rotation's that ends by itself. */
const slotTakenSeconds = 600;

interface RegistryTokenPorts {
  readonly tokens: AccessTokens;
  /** `https://management.azure.com`, or another cloud's. */
  readonly endpoint: string;
  readonly cloud: AzureCloud;
  /** The address of a login server. Defaults to `https://` and its name. */
  readonly registryAddress?: (loginServer: string) => string;
  /** Waits, and rejects if the signal aborts first. Defaults to the system's timer. */
  readonly pause?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** A request whose answer was lost: until it can no longer arrive, nothing else is set in its place. */
interface LostRequest {
  readonly slot: RegistryPasswordName;
  readonly expiry: Date;
  readonly at: Date;
}

interface Ports extends RegistryTokenPorts {
  readonly lost: Map<string, LostRequest>;
}

/**
 * Issues the passwords of a repository-scoped token of an Azure Container Registry. A token has two; Azure tells a
 * password once, and keeps no name with it, so its expiry names the rotation. A password that is in use is never set
 * again: a new one takes the place of one that is absent, has expired or was ended. Ending one sets it to a value that
 * nobody keeps.
 */
export function azureRegistryTokenIssuer(given: RegistryTokenPorts): CredentialIssuer {
  const ports: Ports = { ...given, lost: new Map() };
  return {
    name,
    credentialClass: 'minted',
    check: shape.check,
    propose: () => null,
    issue: (request) => issue(ports, request),
    formFor: (binding, { value }) => publishedForm(ports, binding, value),
    verify: (request, credential) => verify(ports, request, credential),
    describe: async (request) => {
      const found = (await list(ports, request)).find((one) => isMadeBy(one, request));
      return found === undefined
        ? { outcome: 'absent' }
        : { outcome: 'present', credentialId: credentialIdOf(found), value: null };
    },
    // An expiry shows that Keyturn made a password, but not by which rotation.
    list: () => Promise.resolve([]),
    revoke: (request, credentialId) => revoke(ports, request, credentialId),
    lastUsed: () => Promise.resolve(null),
  };
}

async function issue(ports: Ports, request: IssueRequest): Promise<IssuedCredential> {
  const { tokenId } = read(ports, request.binding);
  const passwords = await list(ports, request);
  if (passwords.some((one) => isMadeBy(one, request)))
    throw new ServiceError('PROVIDER_ANSWER_UNCLEAR', {
      issuer: name,
      provider: tokenId,
      reason: 'there is one of this rotation',
    });
  const slot = registryPasswordNames.find((wanted) => {
    const there = passwords.find((one) => one.name === wanted);
    return there === undefined || isEnded(there, request.now);
  });
  if (slot === undefined) throw bothTaken(tokenId, passwords);
  const expiry = expiryOf(request);
  const value = await set(ports, request, passwords, slot, expiry);
  return { credentialId: credentialIdOf({ name: slot, expiry }), value };
}

/** An earlier rotation's password ends by its own rule; one that somebody made stays until a person deletes it. */
function bothTaken(tokenId: string, passwords: readonly RegistryPassword[]): ServiceError {
  const details = { issuer: name, provider: tokenId };
  if (passwords.filter(isMadeByKeyturn).length === registryPasswordNames.length)
    return new ServiceError('PROVIDER_THROTTLED', { ...details, retryAfterSeconds: slotTakenSeconds });
  const reason = 'both passwords are taken; delete the one that nobody uses with `az acr token credential delete`';
  return new ServiceError('PROVIDER_STATE_REFUSED', { ...details, reason });
}

async function verify(
  ports: Ports,
  request: IssueRequest,
  { credentialId, value }: IssuedCredential,
): Promise<Verification> {
  const { api, user, loginServer } = read(ports, request.binding);
  const { status, passwords } = await api.token(request.signal);
  const listed = passwords.find((one) => credentialIdOf(one) === credentialId);
  const settles = listed !== undefined && isSettling(listed, request.now);
  const entered = await signInTwice(ports, request, passwordIn(value), settles);
  // Of a value that somebody made no id is known; that it signs in as the token shows whose it is.
  if (listed === undefined && !(credentialId === '' && entered))
    return refused(entered, 'the token has no password of this id');
  if (status !== 'enabled') return refused(entered, 'the token is disabled');
  // A registry's servers may learn of a new password one after another.
  if (!entered) return { outcome: 'not-yet', reason: 'the registry does not take the password yet' };
  return { outcome: 'works', principal: user, notes: [loginServer, ...(listed === undefined ? [] : [listed.name])] };
}

async function signInTwice(
  ports: Ports,
  request: IssueRequest,
  password: SecretValue,
  settles: boolean,
): Promise<boolean> {
  const first = await signIn(ports, request, password);
  if (!first || !settles) return first;
  await (ports.pause ?? systemPause)(dwellMs, request.signal).catch((error: unknown) => {
    throw unreachable({ issuer: name, provider: read(ports, request.binding).loginServer }, error);
  });
  return await signIn(ports, request, password);
}

/**
 * Asks for a registry token without a scope, as `docker login` does: 200 with a token, or 401. Source:
 * https://azure.github.io/acr/Token-BasicAuth.html, read in November 2026.
 */
async function signIn(ports: Ports, { binding, signal }: IssueRequest, password: SecretValue): Promise<boolean> {
  const { user, loginServer } = read(ports, binding);
  const address = ports.registryAddress?.(loginServer) ?? `https://${loginServer}`;
  const basic = Buffer.from(`${user}:${password.reveal()}`).toString('base64');
  const { status, body } = await providerRequest({
    issuer: name,
    provider: loginServer,
    method: 'GET',
    url: `${address}/oauth2/token?service=${loginServer}`,
    headers: { authorization: `Basic ${basic}`, accept: 'application/json' },
    signal,
    changes: false,
    statuses: [401],
  });
  if (status === 401) return false;
  if (typeof jsonProperties(body).get('access_token') === 'string') return true;
  throw new ServiceError('PROVIDER_ANSWER_MALFORMED', { issuer: name, provider: loginServer, place: 'access_token' });
}

async function revoke(
  ports: Ports,
  request: IssueRequest,
  credentialId: string,
): ReturnType<CredentialIssuer['revoke']> {
  if (!/^password[12]#[1-9]\d{9}$/.test(credentialId))
    throw targetRefused(name, request.binding, 'CredentialId', 'is not the id of a password');
  const passwords = await list(ports, request);
  const there = passwords.find((one) => credentialIdOf(one) === credentialId);
  if (there === undefined) return { outcome: 'absent' };
  await set(ports, request, passwords, there.name, endedExpiry(request.now));
  return { outcome: 'revoked' };
}

/** Sets one password anew, and returns what Azure told. A request that was lost before must have arrived, or be too old to. */
async function set(
  ports: Ports,
  request: IssueRequest,
  passwords: readonly RegistryPassword[],
  slot: RegistryPasswordName,
  expiry: Date,
): Promise<SecretValue> {
  const { api, tokenId } = read(ports, request.binding);
  const key = tokenId.toLowerCase();
  requireNoneLost(ports.lost.get(key), request, tokenId, passwords);
  ports.lost.set(key, { slot, expiry, at: request.now });
  try {
    const value = await api.generate({ slot, expiry }, request);
    ports.lost.delete(key);
    return value;
  } catch (error) {
    if (!ServiceError.is(error, 'PROVIDER_ANSWER_UNCLEAR')) ports.lost.delete(key);
    throw error;
  }
}

function requireNoneLost(
  lost: LostRequest | undefined,
  { now }: IssueRequest,
  provider: string,
  passwords: readonly RegistryPassword[],
): void {
  if (lost === undefined) return;
  const hasArrived = passwords.some((one) => credentialIdOf(one) === credentialIdOf({ name: lost.slot, ...lost }));
  const leftMs = lost.at.getTime() + arriveWithinMs - now.getTime();
  if (hasArrived || leftMs <= 0) return;
  const retryAfterSeconds = Math.ceil(leftMs / 1000);
  throw new ServiceError('PROVIDER_THROTTLED', { issuer: name, provider, retryAfterSeconds });
}

async function list(
  ports: Ports,
  { binding, signal }: Pick<IssueRequest, 'binding' | 'signal'>,
): Promise<readonly RegistryPassword[]> {
  return (await read(ports, binding).api.token(signal)).passwords;
}

function read(ports: Ports, binding: SecretBinding) {
  const target = shape.read(binding);
  const [registry = '', user = ''] = parseArmResource(target.token)?.names ?? [];
  const loginServer = target.loginServer ?? `${registry.toLowerCase()}.${ports.cloud.registryDomain}`;
  const api = registryTokenApi({ issuer: name, ...ports, tokenId: target.token });
  return { ...target, tokenId: target.token, user, loginServer, api };
}

/** Which password it is, and the second of its expiry: another one in its place has another id. */
function credentialIdOf({ name: slot, expiry }: Pick<RegistryPassword, 'name' | 'expiry'>): string {
  return `${slot}#${String(Math.floor((expiry?.getTime() ?? 0) / 1000))}`;
}

function publishedForm(ports: Ports, binding: SecretBinding, value: SecretValue): SecretValue {
  const { form, user, loginServer } = read(ports, binding);
  if (form === 'password') return value;
  return new SecretValue(JSON.stringify({ registry: loginServer, username: user, password: value.reveal() }));
}

/** The password in a value of either form. */
function passwordIn(value: SecretValue): SecretValue {
  try {
    const password = jsonProperties(JSON.parse(value.reveal())).get('password');
    return typeof password === 'string' ? new SecretValue(password) : value;
  } catch {
    // The parser's message quotes the text. A bare password is not JSON.
    return value;
  }
}
