import { ServiceError } from '../../service-error.ts';
import type { AccessToken, AccessTokenSource } from './access-token.ts';
import type { IdentityConfiguration } from '../configuration/fetch-configuration.ts';
import { exchangeFailure, type HttpAnswer, isLoopback } from '../http-exchange.ts';
import type { IdentityPorts } from './identity-ports.ts';
import { readTokenAnswer, readTokenError, readTokenRefusal } from './read-token-answer.ts';

const kind = 'device-code';
const grant = 'urn:ietf:params:oauth:grant-type:device_code';
type DeviceSignIn = Extract<IdentityConfiguration, { kind: 'device-code' }>;

/** A sign-in that waits for its person. */
interface Pending {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly address: string;
  readonly expiresMs: number;
  readonly intervalMs: number;
}

/** What follows from one answer of the token endpoint. */
type Step =
  | { readonly kind: 'signed-in'; readonly token: AccessToken; readonly lastsMs: number }
  | { readonly kind: 'wait'; readonly longerMs: number; readonly failure: string | null }
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string; readonly advice: string };

type SignedIn = Extract<Step, { kind: 'signed-in' }>;

const advice: Readonly<Record<string, string>> = {
  authorization_declined: 'The sign-in was declined. Start again, and accept it.',
  expired_token: 'Nobody signed in before the code expired. Start again.',
  AADSTS7000218: 'Allow public client flows for this application, or leave clientId out.',
  AADSTS700016: 'The tenant has no application with this client id: check tenantId and clientId.',
  AADSTS90002: 'The tenant does not exist: check tenantId.',
  AADSTS50059: 'State the tenant: check tenantId.',
};

/**
 * A person's identity by a code that they enter in a browser, on this machine or another. The token stays in this
 * process, and each start asks anew: kept in a file or a keyring, it would let every program of the person, the command that
 * gets one secret among them, read all that the person may read. The helper says so, and that `az login` asks once. Source: RFC 8628; Microsoft identity platform, device authorization grant.
 */
export function deviceSignIn(ports: IdentityPorts, identity: DeviceSignIn): AccessTokenSource {
  const { runtime } = ports;
  const kept = new Map<string, { readonly signedIn: Promise<SignedIn>; untilMs: number }>();
  // A call may list, ask and read: its person enters one code for all of it, and another when the token has expired.
  return async (resource) => {
    const before = kept.get(resource);
    if (before !== undefined && runtime.now().getTime() < before.untilMs) return (await before.signedIn).token;
    const entry = { signedIn: signIn(resource), untilMs: Number.MAX_SAFE_INTEGER };
    kept.set(resource, entry);
    try {
      const { token, lastsMs } = await entry.signedIn;
      entry.untilMs = runtime.now().getTime() + lastsMs;
      return token;
    } catch (error) {
      kept.delete(resource);
      throw error;
    }
  };

  async function signIn(resource: string): Promise<SignedIn> {
    const started = await begin(resource);
    const until = runtime.now().getTime() + started.expiresMs;
    runtime.say(`sign in: open ${started.address} in a browser and enter the code ${started.userCode}`);
    runtime.say(`waiting for the sign-in, at most ${minutes(started.expiresMs)}; Ctrl-C ends it`);
    let failure: string | null = null;
    for (let pauseMs = started.intervalMs; ; ) {
      await runtime.wait(pauseMs);
      if (runtime.now().getTime() >= until) throw failure === null ? refusal(0, 'expired_token') : unreachable(failure);
      const step = await poll(started.deviceCode);
      if (step.kind === 'refused') throw refusal(step.status, step.reason, step.advice);
      if (step.kind === 'signed-in') {
        runtime.say(
          'signed in for this call alone: its token is kept nowhere, because every program of yours could read it there',
        );
        runtime.say(
          'to sign in once for many calls: `az login`, and {"kind":"azure-cli"} as the identity in your fetch.json',
        );
        return step;
      }
      pauseMs += step.longerMs;
      failure = step.failure;
    }
  }

  async function begin(resource: string): Promise<Pending> {
    let answer: HttpAnswer;
    try {
      answer = await post('devicecode', { scope: `${resource}/.default` });
    } catch (error) {
      throw unreachable(exchangeFailure(error), error);
    }
    const pending = answer.status === 200 ? readPending(answer.body) : null;
    if (pending !== null) return pending;
    throw refusal(answer.status, answer.status === 200 ? 'no_device_code' : readTokenRefusal(answer.body));
  }

  /** A lost answer is no reason to end: the person may be typing. RFC 8628, 3.5, asks to slow down then. */
  async function poll(deviceCode: string): Promise<Step> {
    try {
      return nextStep(await post('token', { grant_type: grant, device_code: deviceCode }));
    } catch (error) {
      return { kind: 'wait', longerMs: slowDownMs, failure: exchangeFailure(error) };
    }
  }

  async function post(endpoint: 'devicecode' | 'token', form: Readonly<Record<string, string>>): Promise<HttpAnswer> {
    return await ports.exchange({
      method: 'POST',
      url: `${identity.authority}/${identity.tenantId}/oauth2/v2.0/${endpoint}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: new URLSearchParams({ client_id: identity.clientId, ...form }).toString(),
      timeoutMs: 10_000,
      authority: ports.authority,
    });
  }
}

const slowDownMs = 5_000;

/** Decides by an answer of the token endpoint whether the person has signed in, is yet to, or will not. */
function nextStep(answer: HttpAnswer): Step {
  const token = answer.status === 200 ? readTokenAnswer(answer.body) : null;
  if (token !== null) return { kind: 'signed-in', token, lastsMs: lastingOf(answer.body) };
  const error = readTokenError(answer.body);
  if (error === 'authorization_pending') return { kind: 'wait', longerMs: 0, failure: null };
  if (error === 'slow_down' || answer.status === 429 || answer.status >= 500) {
    return { kind: 'wait', longerMs: slowDownMs, failure: null };
  }
  const reason = error !== null && Object.hasOwn(advice, error) ? error : readTokenRefusal(answer.body);
  return { kind: 'refused', status: answer.status, reason, advice: adviceFor(reason) };
}

/** How long a token is good for, a minute less for the way; five minutes if the answer does not say. */
function lastingOf(body: string): number {
  const { expires_in: seconds } = parse(body);
  return typeof seconds === 'number' && seconds > 60 ? (seconds - 60) * 1000 : 300_000;
}

/** `null` unless everything is there and safe to print: a person opens the address. */
function readPending(body: string): Pending | null {
  const answer = parse(body);
  const { device_code: deviceCode, user_code: userCode, verification_uri: address } = answer;
  const { expires_in: expires, interval = 5 } = answer;
  if (typeof deviceCode !== 'string' || typeof userCode !== 'string' || typeof address !== 'string') return null;
  if (!/^[A-Za-z0-9-]{4,20}$/.test(userCode) || !isPage(address)) return null;
  if (!isSeconds(expires) || !isSeconds(interval)) return null;
  return { deviceCode, userCode, address, expiresMs: expires * 1000, intervalMs: interval * 1000 };
}

function parse(body: string): Readonly<Record<string, unknown>> {
  try {
    const answer: unknown = JSON.parse(body);
    return typeof answer === 'object' && answer !== null ? (answer as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

/** An https page, or one of this machine: the embedded cloud's. */
function isPage(address: string): boolean {
  return /^https?:\/\/[\w.:/-]{4,200}$/.test(address) && (address.startsWith('https:') || isLoopback(address));
}

/** At most an hour. */
function isSeconds(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value <= 3_600;
}

function minutes(milliseconds: number): string {
  const count = Math.max(1, Math.round(milliseconds / 60_000));
  return count === 1 ? '1 minute' : `${String(count)} minutes`;
}

function adviceFor(reason: string): string {
  return advice[reason] ?? 'Look the reason up in the sign-in log of the tenant.';
}

function refusal(status: number, reason: string, message: string = adviceFor(reason)): ServiceError {
  return new ServiceError('IDENTITY_REFUSED', { kind, status, reason, advice: message });
}

function unreachable(reason: string, cause?: unknown): ServiceError {
  return new ServiceError('IDENTITY_UNREACHABLE', { kind, reason }, { cause });
}
