import {
  aboutKey,
  type TargetState,
  mayArrive,
  openAttempt,
  placeKey,
  servedBy,
  versionKey,
} from '../journal/target-state.ts';
import { bindingKey } from '../rotation-unit.ts';
import type { Observation, Ruling, Terms } from './decision.ts';
import { arrivalOf, callFor, retryGuard, setting, tryGuard } from './guards.ts';
import { hasGo } from './questions.ts';

/**
 * What keeps everything else from being decided: a secret that is not there, a newest version that nobody has looked at, or one
 * that a person disabled.
 */
export function newestRule(state: TargetState, o: Observation, { wish }: Terms): Ruling {
  if (o.setBack) return { act: { act: 'identify' } };
  for (const [member, newest] of o.newest) {
    const isCreated = openAttempt(state)?.claim.from.some((one) => one.member === member && one.version === null);
    if (newest === null) {
      if (isCreated === true || wish?.create === true) continue;
      return callFor('SECRET_ABSENT', 'identify', null);
    }
    if (state.holds.has(versionKey(member, newest.version)) && state.current.get(member) === newest.version) continue;
    // What is disabled cannot be read; a person who asks to replace it does not need that.
    if (newest.enabled || (wish !== null && state.desired === null)) return { act: { act: 'identify' } };
  }
  return null;
}

/** A newest version that a person disabled, the reflex in a leak, waits for a person: nothing is published over it. */
export function disabledRule(state: TargetState, o: Observation, { wish }: Terms): Ruling {
  if (state.retiredAt !== null || wish !== null || openAttempt(state)?.claim.trigger === 'person') return null;
  const isDisabled = [...o.newest.values()].some((newest) => newest?.enabled === false);
  return isDisabled ? callFor('SECRET_DISABLED', 'publish', null) : null;
}

/** A newest version is ours and not the desired one, after a roll-back or a late publication: the desired one is published again. */
export function coverRule(state: TargetState, o: Observation, terms: Terms): Ruling {
  const { desired } = state;
  const open = openAttempt(state);
  if (desired === null || state.retiredAt !== null || open?.credential === desired) return null;
  const member = [...state.current.keys()].find((one) => servedBy(state, one) !== desired);
  if (member === undefined) return null;
  const version = state.current.get(member) ?? '';
  if (state.theirs.has(versionKey(member, version))) return callFor('GROUP_DISAGREES', 'publish', desired);
  // A person may roll back while the kill switch is on.
  const isRolledBack = state.rotations.some(({ rolledBack, from }) => rolledBack !== null && from === desired);
  const allowed = isRolledBack ? { ...terms, stopped: false } : terms;
  const held = notTaken(state, desired) ?? tryGuard(state, o, allowed, 'publish', desired);
  if (held !== null) return held;
  if (o.seen.versions === undefined) return { look: { look: 'versions' } };
  if (terms.credentialClass !== 'self' && !isChecked(state, o)) {
    if (o.seen.check === undefined) return { look: { look: 'check' } };
    if (o.seen.check === 'refused') return repair(state, o, allowed, desired);
    if (o.seen.check !== 'works') return unseen(o, desired);
  }
  return { act: { act: 'publish', credential: desired, member, over: version } };
}

/** A provider whose policy does not take the old value back ends a roll-back: the value that is served is the desired one again. */
function notTaken(state: TargetState, desired: string): Ruling {
  const failed = state.failures.get(aboutKey('repair', desired));
  const rotation = state.rotations.findLast(({ rolledBack, from }) => rolledBack !== null && from === desired);
  const isRefused = failed?.code === 'CREDENTIAL_REFUSED_BY_PROVIDER_POLICY' || failed?.code === 'CREDENTIAL_REFUSED';
  if (!isRefused || rotation === undefined) return null;
  const { credential, claim } = rotation;
  const facts = { credential, why: 'not-taken', rotationId: claim.rotationId } as const;
  return { act: { act: 'note', entry: 'desire', facts } };
}

/** Nobody could tell whether the value in force works: that is no answer, and the next pass asks again. */
function unseen(o: Observation, credential: string): Ruling {
  if (o.seen.check === 'unreadable') return callFor('DESIRED_VALUE_LOST', 'publish', credential);
  // Setting it once more would not mend its rights.
  if (o.seen.check === 'differs') return callFor('CREDENTIAL_RIGHTS_DIFFER', 'verify', credential);
  return { wait: { until: null, why: 'propagation', about: 'verify', credential } };
}

/** Whether the desired credential was shown to work since it became that, and since the last request that could have ended it. */
export function isChecked(
  { desiredSince, setAt, inFlight }: TargetState,
  { checkedAt, now }: Pick<Observation, 'checkedAt' | 'now'>,
): boolean {
  if (checkedAt === null) return false;
  const arrived = inFlight.filter(({ act, notAfter }) => setting.has(act) && Date.parse(notAfter) < now.getTime());
  const since = [desiredSince, setAt].map((at) => Date.parse(at ?? '') || 0);
  const newest = Math.max(...since, ...arrived.map(({ notAfter }) => Date.parse(notAfter)));
  return checkedAt.getTime() > newest;
}

/** When the value in force is to be tried next; `null` when it is not tried at all. */
export function nextCheck(state: TargetState, o: Observation, terms: Terms): Date | null {
  const { checkMs, credentialClass } = terms;
  if (credentialClass === 'self' || state.retiredAt !== null || state.desired === null) return null;
  // From the first rotation on that a person, or the policy, has let begin.
  const open = openAttempt(state);
  const hasActed =
    (open !== null && hasGo(state, terms, open)) ||
    state.rotations.some(({ publishedAt, result }) => publishedAt !== null || result !== null);
  if (state.setAt === null && !hasActed) return null;
  if (!isChecked(state, o) || o.checkedAt === null) return o.now;
  const arrivals = mayArrive(state, o.now)
    .filter(({ act }) => setting.has(act))
    .map(({ notAfter }) => Date.parse(notAfter) + 1);
  return new Date(Math.min(o.checkedAt.getTime() + checkMs, ...arrivals));
}

/** The value in force is tried when its time has come; a dead one is repaired where the class allows it. */
export function checkRule(state: TargetState, o: Observation, terms: Terms): Ruling {
  const { desired } = state;
  const at = nextCheck(state, o, terms);
  if (at === null || at > o.now || desired === null || mayBeExplained(state)) return null;
  if (terms.stopped) return null;
  const held = retryGuard(state, 'repair', desired, o.now);
  if (held !== null) return held;
  if (o.seen.check === undefined) return { look: { look: 'check' } };
  if (o.seen.check === 'refused') return repair(state, o, terms, desired);
  return o.seen.check === 'works' ? null : unseen(o, desired);
}

/** An attempt that has set, or may have set, a password explains by itself that the old value is dead: it publishes, or is undone. */
function mayBeExplained(state: TargetState): boolean {
  const open = openAttempt(state);
  if (open === null || open.claim.credentialClass !== 'chosen') return open?.credential === state.desired;
  return (
    open.issuedAt !== null ||
    state.inFlight.some(({ act, credential }) => act === 'issue' && credential === open.credential)
  );
}

/** Whether the credential is ours, or was shown to work before. */
export function isOwn({ credentials, rotations }: TargetState, desired: string): boolean {
  return (
    credentials.get(desired)?.ours === true ||
    rotations.some(({ rolledBack, from }) => rolledBack !== null && from === desired)
  );
}

function repair(state: TargetState, o: Observation, terms: Terms, desired: string): Ruling {
  const held = tryGuard(state, o, terms, 'repair', desired);
  if (held !== null) return held;
  // A new token takes the place of ours: see `beginRule`. What another publisher set, or renewed, is that person's to mend.
  if (terms.credentialClass === 'minted' && terms.bound && isOwn(state, desired)) return null;
  if (terms.credentialClass !== 'chosen') return callFor('CREDENTIAL_IN_FORCE_REFUSED', 'repair', desired);
  return { act: { act: 'repair', credential: desired } };
}

/** Further places hold what the vault serves. They cannot be read: the journal knows what each was given. */
export function replicateRule(state: TargetState, o: Observation, terms: Terms): Ruling {
  if (state.retiredAt !== null || !terms.bound) return null;
  if (!state.rotations.some(({ published }) => published.size > 0)) return null;
  for (const binding of terms.bindings) {
    const member = bindingKey(binding);
    const credential = servedBy(state, member);
    if (credential === null || credential !== state.desired) continue;
    for (const place of binding.alsoPublish.keys()) {
      if (state.places.get(placeKey(member, place)) === credential) continue;
      // What was sent there before would undo it by arriving later.
      const late = mayArrive(state, o.now).filter(
        (one) => one.act === 'replicate' && one.member === member && one.credential !== credential,
      );
      const held = arrivalOf(late, 'replicate', credential) ?? tryGuard(state, o, terms, 'replicate', credential);
      return held ?? { act: { act: 'replicate', credential, member, place } };
    }
  }
  return null;
}
