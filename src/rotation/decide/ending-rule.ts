import { dayMs } from '../../secrets/duration.ts';
import type { WaitReason } from '../journal/journal-entry.ts';
import {
  type Credential,
  type Rotation,
  type TargetState,
  isAlive,
  isServed,
  mayArrive,
  openAttempt,
  servedBy,
  versionKey,
} from '../journal/target-state.ts';
import type { SecretVersion } from '../ports/secret-store.ts';
import { bindingKey } from '../rotation-unit.ts';
import type { Act, Observation, Ruling, Terms } from './decision.ts';
import { arrivalOf, retryGuard, tryGuard, worldGuard } from './guards.ts';
import { graceUntil, type Patience, patienceWith } from './patience.ts';
import { approvalsFor, ask, wantsApproval } from './questions.ts';
import { areWorthNoting, boundedReasons } from './waiting-reasons.ts';

/** Past its grace by this much, what evidence still forbids may be approved by a person. */
const hardDeadlineMs = 30 * dayMs;

/**
 * The credentials that are to end, oldest first: neither desired nor served, nor the open attempt's. What others made and
 * replaced before the first rotation is theirs to end: nobody has let Keyturn work on the target yet.
 */
export function toEnd(state: TargetState): readonly Credential[] {
  const open = openAttempt(state)?.credential;
  return [...state.credentials.values()].filter(
    (one) =>
      isAlive(one) &&
      one.key !== open &&
      (one.ours || state.rotations.length > 0 || state.retiredAt !== null) &&
      (state.retiredAt !== null || (one.key !== state.desired && !isServed(state, one.key))),
  );
}

/**
 * The one rule for ending a credential: revoking, withdrawing, sweeping, rolling back and an emergency are all this, and setting
 * in place waits for it. Each credential is asked about; one that must wait holds back none of the others.
 */
export function endingRules(state: TargetState, o: Observation, terms: Terms): readonly Ruling[] {
  if (!isSettled(state, o)) return [];
  const rulings = toEnd(state).map((credential) => endingRule(state, o, terms, credential));
  // One of two keys is in force: all that is to end has the other one, and its renewal ends all of it.
  const isTogether = terms.credentialClass === 'read-back' && !rulings.every(isEnd);
  return isTogether ? rulings.filter((ruling) => !isEnd(ruling)) : rulings;
}

function isEnd(ruling: Ruling): boolean {
  return ruling !== null && 'act' in ruling && ruling.act.act === 'end';
}

/** Whether every secret is known to serve the desired credential: before that nothing ends. */
function isSettled(state: TargetState, o: Observation): boolean {
  if (state.retiredAt !== null) return true;
  return [...o.newest].every(
    ([member, newest]) =>
      // A secret that is only being created serves nothing: what an attempt of it has lost ends.
      (newest === null && !state.current.has(member)) ||
      (newest?.enabled === true &&
        state.current.get(member) === newest.version &&
        (servedBy(state, member) === state.desired || openAttempt(state)?.credential === state.desired)),
  );
}

function endingRule(state: TargetState, o: Observation, terms: Terms, credential: Credential): Ruling {
  const { key } = credential;
  return (
    worldGuard(o, terms, 'end') ??
    retryGuardForEver(state, o, key) ??
    mayStillAppear(state, o, credential) ??
    idOf(o, terms, credential) ??
    mayEnd(state, o, terms, credential) ?? { act: { act: 'end', credential: key } }
  );
}

/** What must end is tried for as long as it takes: a person who is called finds it under way. */
function retryGuardForEver(state: TargetState, o: Observation, key: string): Ruling {
  const held = retryGuard(state, 'end', key, o.now);
  return held !== null &&
    'call' in held &&
    Date.parse(state.failures.get(`end ${key}`)?.retryAt ?? '') <= o.now.getTime()
    ? null
    : held;
}

/** What may still become the newest version, or may still be made, must work until it cannot arrive any more. */
function mayStillAppear(state: TargetState, o: Observation, { key, credentialId }: Credential): Ruling {
  const late = mayArrive(state, o.now).filter(
    ({ act, credential }) => credential === key && (act === 'publish' || (act === 'issue' && credentialId === null)),
  );
  if (late.length === 0) return null;
  if (late.every(({ act }) => act === 'issue')) {
    // What has arrived needs not be waited for.
    const found = o.seen.described?.get(key);
    if (found === undefined) return { look: { look: 'described', credential: key } };
    if (found !== null) return null;
  }
  return arrivalOf(late, 'end', key);
}

/** An answer that was lost left no id: the provider is asked by name. What it does not know was never made. */
function idOf(o: Observation, terms: Terms, credential: Credential): Ruling {
  const { key, ours, credentialId } = credential;
  if (!ours || credentialId !== null || terms.credentialClass === 'self') return null;
  const found = o.seen.described?.get(key);
  if (found === undefined) return { look: { look: 'described', credential: key } };
  if (found !== null) return null;
  const facts = { credential: key, shown: 'cannot-be-shown' } as const;
  return { act: { act: 'note', entry: 'end', facts } };
}

function mayEnd(state: TargetState, o: Observation, terms: Terms, credential: Credential): Ruling {
  const { key, served, life } = credential;
  // What nobody was ever given has no readers; what the provider was asked to end already is asked for again.
  if (!served || life === 'ending') return null;
  const approvals = approvalsFor(state, 'revoke', key, o.now);
  if (approvals.some(({ breakGlass }) => breakGlass)) return null;
  const patience = patienceWith(state, key, terms);
  const until = graceUntil(credential, patience, state.retiredAt);
  const early = notYet(o.now, until, patience);
  const unread = early.length > 0 ? null : unidentified(state, o, terms);
  if (unread !== null) return unread;
  if (early.length === 0 && o.seen.evidence?.get(key) === undefined)
    return { look: { look: 'evidence', credential: key } };
  const reasons = early.length > 0 ? early : (o.seen.evidence?.get(key) ?? []);
  // No time tells whether it is in force under another name: a person is asked at once.
  const unknown = early.length > 0 ? [] : mayBeAnother(state, key);
  const overdue = until.getTime() + (patience.emergency ? 0 : patience.consumersLifetimeMs + hardDeadlineMs);
  const asks =
    reasons.length === 0 ? unknown.length > 0 || wantsApproval(terms.bindings, 'revoke') : o.now.getTime() >= overdue;
  if (asks ? approvals.length > 0 : reasons.length === 0) return null;
  const all = [...reasons, ...unknown];
  return asks ? ask(state, o, 'revoke', key, boundedReasons(all)) : postponed(state, o, key, all);
}

/** Another publisher set a value that could not be compared with this credential's own: it may be the very credential. */
function mayBeAnother({ credentials }: TargetState, key: string): readonly WaitReason[] {
  const other = [...credentials.values()].find((one) => isAlive(one) && one.perhaps.includes(key));
  return other === undefined ? [] : [{ code: 'unknown-version', subject: other.key.replace('seen.', '') }];
}

function notYet(now: Date, grace: Date, { graceMs, consumersLifetimeMs, emergency }: Patience): readonly WaitReason[] {
  const consumers = new Date(grace.getTime() - graceMs + (emergency ? 0 : consumersLifetimeMs));
  const reason = (code: 'grace' | 'consumers', until: Date) =>
    now < until ? [{ code, until: until.toISOString() }] : [];
  return [...reason('grace', grace), ...reason('consumers', consumers)];
}

/** An enabled version that nobody has looked at may hold any value: it is identified first. */
function unidentified(state: TargetState, o: Observation, terms: Terms): Ruling {
  const { versions } = o.seen;
  if (versions === undefined) return { look: { look: 'versions' } };
  const isUnknown = terms.bindings.some((binding) => {
    const member = bindingKey(binding);
    return (versions.get(member) ?? []).some(
      ({ version, enabled }) => enabled && !state.holds.has(versionKey(member, version)),
    );
  });
  return isUnknown ? { act: { act: 'identify' } } : null;
}

function postponed(state: TargetState, o: Observation, key: string, reasons: readonly WaitReason[]): Ruling {
  const bounded = boundedReasons(reasons);
  const noted = state.waits.get(key);
  const facts = { about: 'end', credential: key, waitsFor: bounded } as const;
  if (noted === undefined || areWorthNoting(noted.reasons, noted.at, bounded, o.now))
    return { act: { act: 'note', entry: 'wait', facts } };
  const times = bounded.flatMap(({ code, until: at = '' }) =>
    code === 'grace' || code === 'consumers' ? [Date.parse(at)] : [],
  );
  const until = times.length === 0 ? null : new Date(Math.max(...times));
  return { wait: { until, why: 'in-use', about: 'end', credential: key } };
}

/** Versions of credentials that have ended are disabled, and copies of the newest one; never the newest one itself. */
export function disableRule(state: TargetState, o: Observation, terms: Terms): Ruling {
  if (!state.untidy || terms.stopped) return null;
  const { versions } = o.seen;
  if (versions === undefined) return { look: { look: 'versions' } };
  for (const binding of terms.bindings) {
    const member = bindingKey(binding);
    const known = versions.get(member) ?? [];
    const newest = known.find(({ version }) => version === state.current.get(member));
    const over = known.find((one) => one.enabled && isOver(state, member, one, newest));
    if (over === undefined) continue;
    const act: Act = { act: 'disable', member, version: over.version, isStaging: false };
    return tryGuard(state, o, terms, 'disable', null) ?? { act };
  }
  return null;
}

function isOver(
  state: TargetState,
  member: string,
  { version, tags }: SecretVersion,
  newest: SecretVersion | undefined,
): boolean {
  if (version === newest?.version && state.retiredAt === null) return false;
  const credential = state.credentials.get(state.holds.get(versionKey(member, version)) ?? '');
  if (credential === undefined) return false;
  if (!isAlive(credential)) return true;
  // A publication whose answer was lost may have come twice.
  const isRecorded = state.rotations.some(({ published }) => published.get(member) === version);
  const isCopy = tags['rotation-id'] === credential.key && newest?.tags['rotation-id'] === credential.key;
  return credential.key === state.desired && isCopy && !isRecorded;
}

/** Staged values that no attempt needs any more are disabled; none is deleted, for a deleted name cannot be used again. */
export function stagingRule(state: TargetState, o: Observation, terms: Terms): Ruling {
  if (terms.stopped) return null;
  const needed = openAttempt(state)?.credential ?? null;
  const known = [...state.staged].find(([, credential]) => credential !== needed)?.[0];
  if (known !== undefined) return disableStaged(state, o, terms, known);
  // A staging write whose answer was lost may have left a version that no entry names.
  const lost = state.inFlight.some(({ act, credential }) => act === 'stage' && credential !== needed);
  // A journal that was cut off may have lost the attempt that staged a value.
  const mayBeCut = state.untidy && state.rotations.every(({ result }) => result !== null);
  if (!lost && !mayBeCut) return null;
  return leftStaged(state, o, terms, needed);
}

function disableStaged(state: TargetState, o: Observation, terms: Terms, version: string): Ruling {
  const act: Act = { act: 'disable', member: bindingKey(terms.bindings[0]), version, isStaging: true };
  return tryGuard(state, o, terms, 'disable', null) ?? { act };
}

/** The first enabled staging version that no attempt needs is disabled. */
function leftStaged(state: TargetState, o: Observation, terms: Terms, needed: string | null | undefined): Ruling {
  if (o.seen.staging === undefined) return { look: { look: 'staging' } };
  const left = o.seen.staging.find(({ tags }) => tags['rotation-id'] !== needed);
  return left === undefined ? null : disableStaged(state, o, terms, left.version);
}

/** A rotation is over when what it replaced, or what it had published, has ended and nothing is left to tidy. */
export function closeRule(state: TargetState, o: Observation, terms: Terms): Ruling {
  const finished = state.rotations.find(
    (one) => one.result === null && one.step === 'published' && isFinished(state, one),
  );
  if (finished === undefined || terms.stopped) return null;
  if (terms.credentialClass === 'chosen' || terms.credentialClass === 'minted') {
    // Nothing that was staged for it, or planted beside it, is left enabled.
    const left = leftStaged(state, o, terms, openAttempt(state)?.credential);
    if (left !== null) return left;
  }
  const result = finished.replacedAt !== null && finished.rolledBack === null ? 'superseded' : 'done';
  return { act: { act: 'note', entry: 'close', facts: { rotationId: finished.claim.rotationId, result } } };
}

function isFinished(state: TargetState, { credential, from, rolledBack, replacedAt }: Rotation): boolean {
  const hasEnded = (key: string | null) => key === null || !isAlive(state.credentials.get(key) ?? { life: 'ended' });
  const isInForce = (key: string | null) => key === state.desired;
  if (rolledBack !== null || replacedAt !== null)
    return (hasEnded(credential) || isInForce(credential)) && (hasEnded(from) || isInForce(from));
  return from === credential || hasEnded(from);
}
