import type { LossReason } from '../journal/journal-entry.ts';
import {
  type Credential,
  type Rotation,
  type TargetState,
  failureKey,
  isAlive,
  openAttempt,
  servedBy,
  versionKey,
} from '../journal/target-state.ts';
import { nextAttempt } from '../rotation-id.ts';
import type { Act, Observation, Ruling, Terms } from './decision.ts';
import { inFlightGuard, tryGuard, worldGuard } from './guards.ts';
import { approvalsFor, ask, hasExpired, hasGo, isDeclined, wantsApproval } from './questions.ts';

interface Given {
  readonly state: TargetState;
  readonly o: Observation;
  readonly terms: Terms;
  readonly open: Rotation;
  readonly credential: Credential;
}

const attemptActs = ['stage', 'issue', 'verify', 'publish'] as const;

/** The next step of the attempt that is open, by the class of its issuer, or what ends it. */
export function attemptRule(state: TargetState, o: Observation, terms: Terms): Ruling {
  const open = openAttempt(state);
  const credential = open === null ? undefined : state.credentials.get(open.credential);
  if (open === null || credential === undefined) return null;
  const given = { state, o, terms, open, credential };
  return overtaken(given) ?? abandoned(given) ?? givenUp(given) ?? agreed(given) ?? nextStep(given);
}

/** Another publisher was first: that value stays. Where a part of a group is published already, its secrets disagree: see `coverRule`. */
function overtaken({ state, open }: Given): Ruling {
  const by = open.claim.from.find(({ member, version }) => {
    const newest = state.current.get(member) ?? null;
    if (newest === null || newest === version || open.published.has(member)) return false;
    return state.theirs.has(versionKey(member, newest)) || servedBy(state, member) === state.desired;
  });
  return by === undefined ? null : close(open, 'superseded');
}

/** What left the policy, or is retired, publishes nothing new; what the provider was given in place is finished all the same. */
function abandoned({ state, terms, open }: Given): Ruling {
  if (terms.bound && state.retiredAt === null) return null;
  const isSet = open.claim.credentialClass === 'chosen' && wasSent(state, 'issue', open.credential);
  return isSet || open.published.size > 0 || state.desired === open.credential ? null : close(open, 'unbound');
}

/** Tries are spent, or a person said no: what was not published is undone, and a person is called. */
function givenUp({ state, o, open }: Given): Ruling {
  if (open.published.size > 0) return null;
  const spent = attemptActs
    .map((act) => state.failures.get(failureKey(act, open.credential)))
    .find((failure) => failure?.spent === true);
  if (spent !== undefined) return close(open, 'failed', spent.code);
  if (isDeclined(state, open.credential)) return close(open, 'failed', 'APPROVAL_DECLINED');
  return hasExpired(state, open.credential, o.now) ? close(open, 'failed', 'APPROVAL_EXPIRED') : null;
}

/** A first rotation waits for a person's go. */
function agreed({ state, o, terms, open }: Given): Ruling {
  if (hasGo(state, terms, open)) return null;
  return ask(state, o, 'go', open.credential);
}

function nextStep(given: Given): Ruling {
  switch (given.open.claim.credentialClass) {
    case 'chosen':
      return chosen(given);
    case 'minted':
      return minted(given);
    case 'read-back':
      return readBack(given);
    case 'self':
      return self(given);
    default:
      return given.open.claim.credentialClass satisfies never;
  }
}

/** We choose the value: it is staged before the provider hears of it. */
function chosen(given: Given): Ruling {
  const { open } = given;
  if (open.step === 'claimed') return stage(given);
  // A single password is in force as soon as it is set: whoever must agree to publishing has agreed before that.
  if (open.step === 'staged') return maySet(given) ?? approved(given) ?? step(given, 'issue');
  return open.step === 'issued' ? step(given, 'verify') : publish(given);
}

/** The provider tells the value once: it is staged right after. */
function minted(given: Given): Ruling {
  const { state, o, open, credential } = given;
  if (open.step === 'claimed') {
    // The lost request may still make a token of this name: the next attempt has another one.
    return wasSent(state, 'issue', credential.key)
      ? lose(given, 'answer-lost')
      : (leftover(given) ?? step(given, 'issue'));
  }
  if (open.step === 'issued') {
    if (o.remembered.has(credential.key)) return step(given, 'stage');
    return (wasSent(state, 'stage', credential.key) ? adoptStaged(given) : null) ?? lose(given, 'value-lost');
  }
  return open.step === 'staged' ? step(given, 'verify') : (approved(given) ?? publish(given));
}

/** What an earlier attempt left at the provider, and nobody was ever given, ends before another token is made. */
function leftover({ state, o, credential: { key: own } }: Given): Ruling {
  // What a journal that was cut off no longer speaks of is found by name.
  const { listed } = o.seen;
  if (listed === undefined) return { look: { look: 'listed' } };
  if (listed.length > 0) return { act: { act: 'note', entry: 'identify', facts: { found: [], listed } } };
  for (const { key, ours, served, life, credentialId } of state.credentials.values()) {
    if (!ours || served || life === 'ended' || key === own) continue;
    const found = credentialId === null ? o.seen.described?.get(key) : { credentialId };
    if (found === undefined) return { look: { look: 'described', credential: key } };
    if (found !== null) return { wait: { until: null, why: 'in-use', about: 'issue', credential: key } };
  }
  return null;
}

/** The provider tells the value whenever it is asked: nothing is staged. */
function readBack(given: Given): Ruling {
  const { open } = given;
  if (open.step === 'claimed') return maySet(given) ?? step(given, 'issue');
  return open.step === 'issued' ? step(given, 'verify') : (approved(given) ?? publish(given));
}

/** Only readers use the value. A write that was lost may still arrive with the value that died with its worker. */
function self(given: Given): Ruling {
  const { state, open, credential } = given;
  const isLost = open.published.size === 0 && wasSent(state, 'publish', credential.key);
  return isLost ? lose(given, 'answer-lost') : (approved(given) ?? publish(given));
}

function stage(given: Given): Ruling {
  const isSent = wasSent(given.state, 'stage', given.credential.key);
  return (isSent ? adoptStaged(given) : null) ?? step(given, 'stage');
}

/** Looks whether a staging write whose answer was lost has arrived; `null` when it has not. */
function adoptStaged({ o, credential }: Given): Ruling {
  const found = o.seen.staged?.get(credential.key);
  if (found === undefined) return { look: { look: 'staged', credential: credential.key } };
  if (found === null) return null;
  const facts = { credential: credential.key, version: found.version };
  return { act: { act: 'note', entry: 'stage', facts } };
}

/** Setting in place ends what is in the slot, and may be undone by a request in flight: both are waited for. */
function maySet({ state, o, terms, credential }: Given): Ruling {
  const others = otherCredentials(state, credential.key);
  if (others !== undefined) return { wait: { until: null, why: 'in-use', about: 'issue', credential: others.key } };
  // The value that this attempt staged may be set twice; a key that is renewed twice ends what was told first.
  const isSame = terms.credentialClass === 'chosen';
  return inFlightGuard(state, o, terms, 'issue', (request) => isSame && request.credential === credential.key);
}

/** A credential that may still work and that is neither in force nor the attempt's own: it ends by its own rule first. */
export function otherCredentials(state: TargetState, but: string | null): Credential | undefined {
  return [...state.credentials.values()].find(
    (one) => isAlive(one) && one.key !== but && one.key !== state.desired && !sharesSlot(state, one),
  );
}

/** Whether a credential has the very slot of the one in force, as one password before another: then it is dead already. */
export function sharesSlot({ credentials, desired }: TargetState, { credentialId }: Credential): boolean {
  return credentialId !== null && credentials.get(desired ?? '')?.credentialId === credentialId;
}

function approved({ state, o, terms, open, credential }: Given): Ruling {
  if (open.published.size > 0 || !wantsApproval(terms.bindings, 'publish')) return null;
  if (approvalsFor(state, 'publish', credential.key, o.now).length > 0) return null;
  return ask(state, o, 'publish', credential.key);
}

function publish(given: Given): Ruling {
  const { state, o, terms, open, credential } = given;
  const next = open.claim.from.find(({ member }) => !open.published.has(member));
  if (next === undefined) return null;
  const over = state.current.get(next.member) ?? null;
  const act: Act = { act: 'publish', credential: credential.key, member: next.member, over };
  return tryGuard(state, o, terms, 'publish', credential.key) ?? { act };
}

function step({ state, o, terms, credential }: Given, act: 'stage' | 'issue' | 'verify'): Ruling {
  return tryGuard(state, o, terms, act, credential.key) ?? { act: { act, credential: credential.key } };
}

/** Ends the attempt and begins the next one of the same rotation. Nothing of it was ever published, so nobody misses it. */
function lose({ state, o, terms, open, credential }: Given, why: LossReason): Ruling {
  const known = [...state.credentials.keys(), ...(o.seen.listed ?? []).map(({ key }) => key)];
  const next = nextAttempt(open.claim.rotationId, known);
  const entry: Act = { act: 'note', entry: 'lose', facts: { credential: credential.key, next, why } };
  return worldGuard(o, terms, 'lose') ?? { act: entry };
}

function close(
  { claim: { rotationId } }: Rotation,
  result: 'superseded' | 'failed' | 'unbound',
  code?: string,
): Ruling {
  return { act: { act: 'note', entry: 'close', facts: { rotationId, result, code } } };
}

/** Whether a request of this act was ever sent for a credential and its answer never seen. */
function wasSent({ inFlight }: TargetState, act: string, credential: string): boolean {
  return inFlight.some((request) => request.act === act && request.credential === credential);
}
