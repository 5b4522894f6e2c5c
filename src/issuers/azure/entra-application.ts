import { setTimeout as timer } from 'node:timers/promises';
import { dayMs } from '../../secrets/duration.ts';
import { jsonProperties } from '../../gitea/json-properties.ts';
import type { IssueRequest } from '../../rotation/ports/credential-issuer.ts';
import { ServiceError } from '../../service-error.ts';
import { credentialName } from '../shared/credential-name.ts';
import { type AccessTokens, bearerHeader } from '../shared/access-tokens.ts';
import { unreachable } from '../shared/provider-fault.ts';
import { providerRequest } from '../shared/provider-request.ts';
import { text } from '../shared/target-fields.ts';

const guid = /[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}/;

/** The fields of both Entra issuers' targets. */
export const entraFields = {
  /** The application's object id, which Graph's addresses use. */
  application: text(guid, 'the object id of an application'),
  /** The application's client id, which it signs in with. */
  clientId: text(guid, 'the client id of the application'),
  tenant: text(guid, 'the id of a tenant'),
};

/** The suffix of a refusal's code if the tenant's policy for application credentials forbids this one. Unverified. */
export const entraPolicyCodes: readonly string[] = ['AsPerAppMethodPolicy'];

export interface EntraTarget {
  readonly application: string;
  readonly clientId: string;
  readonly tenant: string;
}

/** A password or a certificate as Graph lists it. */
export interface EntraCredential {
  readonly keyId: string;
  readonly displayName: string;
  /** When it expires by itself; `null` if Graph does not say. */
  readonly endsAt: Date | null;
  /** The first three characters of a password; `null` for a certificate. */
  readonly hint: string | null;
}

export type EntraSignIn =
  | { readonly outcome: 'in'; readonly clientId: string }
  /** Refused, with Entra's error number, such as 7000215; `null` if it stated none. */
  | { readonly outcome: 'refused'; readonly number: number | null };

export interface EntraPorts {
  readonly tokens: AccessTokens;
  /** `https://graph.microsoft.com`, or another cloud's. */
  readonly graph: string;
  /** `https://login.microsoftonline.com`, or another cloud's. */
  readonly authority: string;
  /** Waits, and rejects if the signal aborts first. Defaults to the system's timer. */
  readonly pause?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/**
 * A new credential reaches Entra's servers one after another, so the first success says nothing of the next server: it
 * must succeed a second time after this. Graph promises no time; 4 to 18 s were observed
 * (https://github.com/microsoftgraph/microsoft-graph-docs/issues/17966).
 */
const dwellMs = 20_000;
// Up to 15 minutes were observed (https://github.com/MicrosoftDocs/azure-docs/issues/59325).
const settlesForMs = 15 * 60_000;

/**
 * The Microsoft Graph calls of both Entra issuers: one list, two actions, and a sign-in. The identity needs
 * Application.ReadWrite.OwnedBy and must own the application.
 */
export function entraApplication(issuer: string, entraPorts: EntraPorts) {
  const ports: Ports = { issuer, ...entraPorts };
  return {
    /** @throws ServiceError `PROVIDER_STATE_REFUSED` if the application does not have the target's client id. */
    credentials: (target: EntraTarget, kind: EntraCredentialKind, signal: AbortSignal) =>
      credentials(ports, target, kind, signal),
    /** `addPassword`, `removePassword`, `addKey` or `removeKey`: sent once. */
    act: (target: EntraTarget, action: string, body: unknown, sending: Sending) =>
      act(ports, target, action, body, sending),
    /**
     * Signs in with one credential; `prove` makes a secret or an assertion. A new credential (`settles`) must succeed
     * twice, with a pause between: if it is refused the second time, that is the outcome.
     */
    signIn: async (target: EntraTarget, prove: () => EntraProof, { signal, settles }: SignInTry) => {
      const first = await signIn(ports, target, prove(), signal);
      if (first.outcome === 'refused' || !settles) return first;
      await (ports.pause ?? systemPause)(dwellMs, signal).catch((error: unknown) => {
        throw unreachable({ issuer, provider: ports.authority }, error);
      });
      return await signIn(ports, target, prove(), signal);
    },
  };
}

type EntraProof = Readonly<Record<string, string>>;

interface SignInTry {
  readonly signal: AbortSignal;
  readonly settles: boolean;
}

async function systemPause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await timer(milliseconds, null, { signal });
}

type Sending = Pick<IssueRequest, 'signal' | 'deadline'>;

type EntraCredentialKind = 'passwordCredentials' | 'keyCredentials';

interface Ports extends EntraPorts {
  readonly issuer: string;
}

async function credentials(
  ports: Ports,
  target: EntraTarget,
  kind: EntraCredentialKind,
  signal: AbortSignal,
): Promise<readonly EntraCredential[]> {
  const { body } = await ask(ports, target, `?$select=appId,${kind}`, 'GET', { signal });
  const application = jsonProperties(body);
  // The policy accepts a GUID in either case; Graph answers in lower case.
  if (String(application.get('appId')).toLowerCase() !== target.clientId.toLowerCase())
    throw stateRefused(ports, target, 'the application has another client id');
  const listed = application.get(kind);
  if (!Array.isArray(listed))
    throw new ServiceError('PROVIDER_ANSWER_MALFORMED', {
      issuer: ports.issuer,
      provider: provider(target),
      place: kind,
    });
  return listed.map(jsonProperties).map((one) => ({
    keyId: textOf(one.get('keyId')),
    displayName: textOf(one.get('displayName')),
    endsAt: parseTime(one.get('endDateTime')),
    hint: one.has('hint') ? textOf(one.get('hint')) : null,
  }));
}

async function act(
  ports: Ports,
  target: EntraTarget,
  action: string,
  body: unknown,
  sending: Sending,
): Promise<ReadonlyMap<string, unknown>> {
  const answer = await ask(ports, target, `/${action}`, 'POST', sending, body);
  return jsonProperties(answer.body);
}

async function ask(
  ports: Ports,
  target: EntraTarget,
  rest: string,
  method: 'GET' | 'POST',
  { signal, deadline }: Sending,
  body?: unknown,
) {
  const asked = { issuer: ports.issuer, provider: provider(target), signal };
  const authorization = await bearerHeader(ports.tokens, `${new URL(ports.graph).origin}/.default`, asked);
  const answer = await providerRequest({
    ...asked,
    method,
    url: `${ports.graph.replace(/\/+$/, '')}/v1.0/applications/${target.application}${rest}`,
    headers: { ...authorization, accept: 'application/json', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    changes: method === 'POST',
    deadline,
    statuses: [400],
  });
  if (answer.status === 404) throw stateRefused(ports, target, 'the application does not exist');
  if (answer.status === 400) throw classifyRefusal(ports, target, answer.body);
  return answer;
}

async function signIn(
  ports: Ports,
  target: EntraTarget,
  proof: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<EntraSignIn> {
  const scope = `${new URL(ports.graph).origin}/.default`;
  const { body } = await providerRequest({
    issuer: ports.issuer,
    provider: ports.authority,
    method: 'POST',
    url: tokenAddress(ports, target),
    headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: target.clientId,
      scope,
      ...proof,
    }).toString(),
    signal,
    changes: false,
    statuses: [400, 401],
  });
  const answer = jsonProperties(body);
  const token = answer.get('access_token');
  if (typeof token === 'string') return { outcome: 'in', clientId: clientIn(token) };
  const numbers = answer.get('error_codes');
  const first: unknown = Array.isArray(numbers) ? numbers[0] : null;
  return { outcome: 'refused', number: typeof first === 'number' ? first : null };
}

function tokenAddress(ports: Ports, { tenant }: EntraTarget): string {
  return `${ports.authority.replace(/\/+$/, '')}/${tenant}/oauth2/v2.0/token`;
}

/** Graph refuses two concurrent changes in a tenant with a 400 that means "try later". */
function classifyRefusal(ports: Ports, target: EntraTarget, body: unknown): ServiceError {
  const fault = jsonProperties(jsonProperties(body).get('error'));
  if (/concurrent requests/i.test(textOf(fault.get('message')))) {
    return new ServiceError('PROVIDER_THROTTLED', {
      issuer: ports.issuer,
      provider: provider(target),
      retryAfterSeconds: null,
    });
  }
  const code = /^\w{1,60}$/.exec(textOf(fault.get('code')))?.[0] ?? '';
  return new ServiceError('PROVIDER_REQUEST_REFUSED', {
    issuer: ports.issuer,
    provider: provider(target),
    reason: `status 400 ${code}`.trim(),
  });
}

function stateRefused(ports: Ports, target: EntraTarget, reason: string): ServiceError {
  return new ServiceError('PROVIDER_STATE_REFUSED', { issuer: ports.issuer, provider: provider(target), reason });
}

/**
 * When a credential expires by itself, so that an orphan does not live for years. It leaves a week for a late
 * revocation.
 */
export function endOf({ binding, now }: IssueRequest): Date {
  return new Date(now.getTime() + binding.validityMs + binding.graceMs + 7 * dayMs);
}

/**
 * Whether a listed credential was made by this rotation and so recently that a server of Entra may not know it yet. Its
 * end tells when it was made, because this rotation chose it.
 */
export function isSettling({ displayName, endsAt }: EntraCredential, request: IssueRequest): boolean {
  if (displayName !== credentialName(request.binding, request.rotationId) || endsAt === null) return false;
  return Math.abs(endOf(request).getTime() - endsAt.getTime()) < settlesForMs;
}

function parseTime(given: unknown): Date | null {
  const time = new Date(textOf(given));
  return Number.isNaN(time.getTime()) ? null : time;
}

function provider({ application }: EntraTarget): string {
  return `applications/${application}`;
}

/**
 * Reads the subject of an Entra token. The token came over TLS from the authority itself, so its signature is not
 * checked.
 */
function clientIn(token: string): string {
  try {
    const claims = jsonProperties(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()));
    return textOf(claims.get('appid') ?? claims.get('azp'));
  } catch {
    return '';
  }
}

function textOf(given: unknown): string {
  return typeof given === 'string' ? given : '';
}
