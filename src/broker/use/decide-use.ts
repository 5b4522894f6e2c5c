import { isAmbiguousPath, matchesPath } from '../../secrets/path-pattern.ts';
import type { AccessRule, Policy } from '../../secrets/policy.ts';
import type { SecretUse } from '../../secrets/secret-use.ts';
import { decideRead, type ReadQuestion, type Refusal, sessionReasons } from '../decide.ts';
import { findPlaceholders } from './find-placeholders.ts';
import type { UseRequest } from './use-request.ts';

/** One request that a job wants to be made, and everything that the decision rests on. */
export interface UseQuestion {
  readonly request: UseRequest;
  /** The whole body, if the policy lets something be put into it; otherwise `null`. */
  readonly body: Buffer | null;
  readonly session: Omit<ReadQuestion, 'secret' | 'delivery'>;
  /** The placeholders of the session, each with its secret, `vault/name`. */
  readonly placeholders: ReadonlyMap<string, string>;
  /** Secrets that went to this host in an earlier request of the session: its answers may still show them. */
  readonly sentBefore: readonly string[];
}

/** A value that a request needs. */
interface NeededValue {
  readonly vault: string;
  readonly name: string;
  readonly namespace: string;
  readonly access: AccessRule | null;
  /** Whether it is put into the request; if not, its answer is only searched for it. */
  readonly put: boolean;
}

export interface Swap {
  readonly placeholder: string;
  readonly place: string;
  /** `vault/name`. */
  readonly secret: string;
}

export type UseDecision =
  | {
      readonly allowed: true;
      /** The pattern that the path matched. */
      readonly path: string;
      readonly addresses: SecretUse['addresses'];
      readonly needs: readonly NeededValue[];
      readonly swaps: readonly Swap[];
    }
  | {
      readonly allowed: false;
      readonly because: readonly Refusal[];
      /** Those whose placeholders it holds, `vault/name`. */
      readonly secrets: readonly string[];
    };

/**
 * Decides one request. Pure. It is made if the policy names its host, method and path for a secret that this job may use, and
 * if each placeholder stands in the place that is named there. A placeholder in a body is text like any other where the
 * policy puts nothing into bodies: it is passed on as it is, because it opens nothing. Returns all reasons at once.
 */
export function decideUse(question: UseQuestion): UseDecision {
  const { request, session, sentBefore } = question;
  const { named, swaps, because } = judgePlaceholders(question);
  const closed = sessionReasons({ ...session, delivery: 'use' });
  const searched = sentBefore.filter((secret) => !named.includes(secret));
  const needs = [
    ...named.map((secret) => needOf(question, secret, true)),
    ...searched.map((secret) => needOf(question, secret, false)),
  ];
  const reasons = [...closed, ...because, ...needs.flatMap((need) => ('says' in need ? need.says : []))];
  const route = named.length > 0 ? routeOf(request, usesOf(session.policy, named)) : freeRoute(question);
  if (!('path' in route)) return { allowed: false, because: unique([...reasons, route.because]), secrets: named };
  if (reasons.length > 0) return { allowed: false, because: unique(reasons), secrets: named };
  return { allowed: true, ...route, needs: needs.flatMap((need) => ('says' in need ? [] : [need])), swaps };
}

/** Whether the policy lets something be put into the body of such a request, whatever the job may use. */
export function takesBody({ secrets, tracked }: Policy, request: UseRequest): boolean {
  return [...secrets.values(), ...tracked.values()].some(({ uses = [] }) =>
    uses.some((use) => use.place === 'body' && misfit(use, request) === null),
  );
}

/** The uses of every secret that has some, by `vault/name`. */
export function usableSecrets({ secrets, tracked }: Policy): readonly string[] {
  return [...secrets, ...tracked].flatMap(([key, { uses = [] }]) => (uses.length > 0 ? [key] : []));
}

/** Holds each placeholder of the request against the places that the policy names for its secret. */
function judgePlaceholders({ request, body, placeholders, session: { policy } }: UseQuestion): {
  readonly named: readonly string[];
  readonly swaps: readonly Swap[];
  readonly because: readonly Refusal[];
} {
  const named = new Set<string>();
  const swaps: Swap[] = [];
  const because: Refusal[] = [];
  for (const { placeholder, place } of findPlaceholders(request, body)) {
    const secret = placeholders.get(placeholder);
    const uses = secret === undefined ? [] : usesOf(policy, [secret]);
    const fits = uses.some((use) => use.place === place && misfit(use, request) === null);
    // A body is text: what stands there and is not to be swapped opens nothing, and is passed on.
    if (!fits && place === 'body') continue;
    if (secret === undefined) {
      because.push(unknown(place));
      continue;
    }
    named.add(secret);
    if (fits) swaps.push({ placeholder, place, secret });
    else because.push(reasonOf({ place, secret, uses }, request));
  }
  return { named: [...named], swaps, because };
}

/** The first thing that fits no use: its host, its method, its path, or the place of the placeholder. */
function reasonOf(
  { place, secret, uses }: { readonly place: string; readonly secret: string; readonly uses: readonly SecretUse[] },
  request: UseRequest,
): Refusal {
  const route = routeOf(request, uses);
  if (!('path' in route)) return route.because;
  const places = [...new Set(uses.filter((use) => misfit(use, request) === null).map((use) => use.place))];
  return {
    code: 'placeholder-misplaced',
    says: `The placeholder of ${secret} stands in ${place}; for this request the policy puts it in ${places.join(' or ')} alone.`,
  };
}

function needOf(
  { session }: UseQuestion,
  secret: string,
  put: boolean,
): NeededValue | { readonly says: readonly Refusal[] } {
  const [vault = '', name = ''] = secret.split('/');
  const decision = decideRead({ ...session, secret: { vault, name }, delivery: 'use' });
  if (!decision.allowed) return { says: decision.because };
  return { vault, name, namespace: decision.namespace, access: decision.access, put };
}

type Route = { readonly path: string; readonly addresses: SecretUse['addresses'] } | { readonly because: Refusal };

/** A request without a placeholder goes where a secret that this job may use could go. */
function freeRoute({ request, session }: UseQuestion): Route {
  const allowed = usableSecrets(session.policy).filter((key) => {
    const [vault = '', name = ''] = key.split('/');
    // What closes the session is said once, and not as if no host were named.
    const open = { ...session, requests: 0, sessionEnded: null };
    return decideRead({ ...open, secret: { vault, name }, delivery: 'use' }).allowed;
  });
  return routeOf(request, usesOf(session.policy, allowed));
}

/** The uses that name the host, method and path of a request, as one; of several the narrowest addresses count. */
function routeOf(request: UseRequest, uses: readonly SecretUse[]): Route {
  const fitting = uses.filter((use) => misfit(use, request) === null);
  const [first] = fitting;
  if (first !== undefined) {
    const addresses = (['public', 'private', 'loopback'] as const).find((kind) =>
      fitting.some((use) => use.addresses === kind),
    );
    return { path: first.paths.find((path) => fitsPath(request, path)) ?? '', addresses: addresses ?? 'public' };
  }
  const misfits = uses.map((use) => misfit(use, request));
  for (const code of ['path-not-allowed', 'method-not-allowed'] as const) {
    if (misfits.includes(code)) return { because: { code, says: misfitSays[code](request) } };
  }
  return { because: { code: 'host-not-allowed', says: misfitSays['host-not-allowed'](request) } };
}

type Misfit = 'host-not-allowed' | 'method-not-allowed' | 'path-not-allowed';

const misfitSays: Readonly<Record<Misfit, (request: UseRequest) => string>> = {
  'host-not-allowed': ({ url }) => `No use of a secret that this job may use names the host ${url.host}.`,
  'method-not-allowed': ({ url, method }) => `The uses for ${url.host} do not name the method ${method}.`,
  'path-not-allowed': ({ url }) =>
    `The uses for ${url.host} do not name this path, or servers could read it differently.`,
};

/** The first thing in which a request does not fit a use; `null` if it fits. */
function misfit({ hosts, port, methods, paths }: SecretUse, request: UseRequest): Misfit | null {
  const { url, method } = request;
  if (!hosts.includes(url.hostname) || portOf(url) !== port) return 'host-not-allowed';
  if (!methods.includes(method)) return 'method-not-allowed';
  return paths.some((path) => fitsPath(request, path)) ? null : 'path-not-allowed';
}

function fitsPath({ url: { pathname } }: UseRequest, pattern: string): boolean {
  return !isAmbiguousPath(pathname) && matchesPath(pathname, pattern);
}

function portOf({ port }: URL): number {
  return port === '' ? 443 : Number(port);
}

function usesOf({ secrets, tracked }: Policy, keys: readonly string[]): readonly SecretUse[] {
  return keys.flatMap((key) => (secrets.get(key) ?? tracked.get(key))?.uses ?? []);
}

function unknown(place: string): Refusal {
  return {
    code: 'placeholder-unknown',
    says: `In ${place} stands a placeholder of another job or session. Take the one that this command was given.`,
  };
}

/** Two secrets may be refused for the same reason. */
function unique(reasons: readonly Refusal[]): readonly Refusal[] {
  return [...new Map(reasons.map((reason) => [`${reason.code} ${reason.says}`, reason])).values()];
}
