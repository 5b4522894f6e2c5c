import { lookup } from 'node:dns/promises';
import { opaqueName } from '../../provenance/opaque-name.ts';
import { ServiceError } from '../../service-error.ts';
import type { AccessToken } from '../identity/access-token.ts';
import { type Diagnosis, fail, pass, warn } from './diagnosis.ts';
import type { SecretRead } from '../receipts/secret-read.ts';
import { exchangeFailure, type HttpExchange, isLoopback } from '../http-exchange.ts';

/** A name that no secret has: reading it discloses nothing and shows whether the role is assigned. */
export const probe = `keyturn-doctor-${opaqueName('probe').slice(0, 8)}`;
/** The same with a staging secret's prefix, which no runner may read. */
export const stagingProbe = `rot-pending--${probe}`;
/** The key that seals staged values, by the name that it has unless the service's settings say otherwise. */
export const stagingKey = 'keyturn-staging-key';

/**
 * Checks the network layer by layer, from name resolution to the vault's answer; the first failure explains the later
 * ones.
 */
export async function diagnoseWay(
  exchange: HttpExchange,
  vault: { readonly name: string; readonly url: string },
): Promise<readonly Diagnosis[]> {
  const { hostname } = new URL(vault.url);
  const layer = `vault ${vault.name}`;
  let address: string;
  try {
    ({ address } = await lookup(hostname));
  } catch (error) {
    const advice = 'Check the vault’s name in the configuration; with a private endpoint, check the private DNS zone.';
    return [fail(`${layer}: name`, `${hostname} has no address (${exchangeFailure(error)})`, advice)];
  }
  const kind = isPrivate(address) ? 'a private address' : 'a public address';
  const named = pass(`${layer}: name`, `${hostname} is ${address}, ${kind}`);
  try {
    const url = `${vault.url}/secrets/${probe}?api-version=7.4`;
    const { status } = await exchange({
      method: 'GET',
      url,
      headers: { 'user-agent': 'keyturn-doctor' },
      timeoutMs: 10_000,
    });
    const message =
      status === 401 ? 'answers, and asks for a token' : `answers ${String(status)} to a request without a token`;
    const door = status === 401 ? pass : warn;
    return [named, door(`${layer}: connection`, message, 'Something other than Key Vault may answer here.')];
  } catch (error) {
    const reason = exchangeFailure(error);
    const advice = /CERT|TLS|UNABLE_TO/.test(reason)
      ? 'A proxy on the way to the vault presents its own certificate. If this is intended, name its authority in authorityFile.'
      : 'Check the firewall of this network, the private endpoint, and the route.';
    return [named, fail(`${layer}: connection`, reason, advice)];
  }
}

/** Shows the token's identity, never the token. */
export function diagnoseToken(token: AccessToken): Diagnosis {
  if (token.objectId === null)
    return warn('identity', 'returned a token without an object id', 'Look the identity up by its client id.');
  return pass('identity', `object id ${token.objectId} of tenant ${token.tenantId ?? '(unknown)'}`);
}

export function diagnoseIdentityFailure(error: unknown): Diagnosis {
  if (!ServiceError.is(error)) return fail('identity', 'failed for an unknown reason', 'Run doctor again.');
  const advice = ServiceError.is(error, 'IDENTITY_REFUSED')
    ? error.details.advice
    : 'Check first that an identity is assigned to this machine.';
  return fail('identity', error.message, advice);
}

/**
 * Checks the role with a read of a name that does not exist: 404 means that the identity may read every secret of the
 * vault. 403 is right for an identity with roles on individual secrets, which only a named one can show.
 */
export function diagnoseRole(vault: string, read: SecretRead, isSecretNamed: boolean): Diagnosis {
  const layer = `vault ${vault}: role`;
  if (read.outcome.kind === 'served') return warn(layer, 'a secret of the probe’s name exists', 'Delete it.');
  const { error } = read.outcome;
  if (ServiceError.is(error, 'SECRET_MISSING') || ServiceError.is(error, 'SECRET_SOFT_DELETED')) {
    return pass(layer, 'this identity may read every secret of the vault');
  }
  if (ServiceError.is(error, 'VAULT_ACCESS_DENIED')) {
    const message = 'this identity has no role on the whole vault, as it should be';
    const advice = 'Name a secret that the job reads with --secret: its own role is then checked.';
    return isSecretNamed ? pass(layer, message) : warn(layer, message, advice);
  }
  return fail(layer, error.message, error.says);
}

/**
 * Pending values are not published yet, and the staging key is what shows that nobody planted one: a runner that can read
 * either defeats staging.
 */
export function diagnoseStaging(vault: string, read: SecretRead): Diagnosis {
  const what = read.name === stagingKey ? 'the staging key' : 'pending values';
  const layer = `vault ${vault}: ${what}`;
  const { outcome } = read;
  if (outcome.kind === 'failed' && ServiceError.is(outcome.error, 'VAULT_ACCESS_DENIED')) {
    return pass(layer, `this identity cannot read ${what}`);
  }
  const reads = outcome.kind === 'served' || ServiceError.is(outcome.error, 'SECRET_MISSING');
  if (!reads) return warn(layer, 'could not be checked', 'See the lines above.');
  const advice = 'Assign the role Key Vault Secrets User on individual secrets, never on the vault.';
  return fail(layer, `this identity can read ${what}`, advice);
}

/** Checks one secret by name. */
export function diagnoseSecret(read: SecretRead, now: Date): Diagnosis {
  const layer = `secret ${read.vault}/${read.name}`;
  if (read.outcome.kind === 'failed') {
    const { error } = read.outcome;
    const advice = ServiceError.is(error, 'VAULT_ACCESS_DENIED')
      ? 'Check the role assignment first (Key Vault Secrets User, on this secret); a new one takes up to ten minutes.'
      : error.says;
    return fail(layer, error.message, advice);
  }
  const { version, expires } = read.outcome.secret;
  if (expires === null) return warn(layer, `version ${version} has no expiry`, 'Set one: it triggers the rotation.');
  const text = `version ${version} expires ${expires.toISOString()}`;
  return expires > now ? pass(layer, text) : fail(layer, text, 'It has expired: rotate it.');
}

export function diagnoseClock(offsetMs: number | null): Diagnosis {
  if (offsetMs === null) return warn('clock', 'the vault stated no time', 'Compare this machine’s clock by hand.');
  const seconds = Math.round(offsetMs / 1000);
  if (Math.abs(seconds) <= 30) return pass('clock', `within ${String(Math.abs(seconds))} s of the vault’s`);
  const message = `${String(Math.abs(seconds))} s ${seconds > 0 ? 'behind' : 'ahead of'} the vault’s`;
  return fail('clock', message, 'Set the clock (NTP): tokens are refused, and reads cannot be matched to jobs.');
}

function isPrivate(address: string): boolean {
  return isLoopback(`http://${address}`) || /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|fd|fe80)/i.test(address);
}
