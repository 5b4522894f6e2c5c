import { dayMs } from '../../secrets/duration.ts';
import type { JournalFacts, RotationClaim } from '../journal/journal-entry.ts';
import { type TargetState, openAttempt, rotationNamed } from '../journal/target-state.ts';
import { nextAttempt } from '../rotation-id.ts';
import { bindingKey } from '../rotation-unit.ts';
import type { SecretBinding } from '../../secrets/policy.ts';
import { tightenedBinding } from '../../secrets/tightened-binding.ts';
import { madeElsewhere } from '../made-elsewhere.ts';
import { otherCredentials } from './attempt-rule.ts';
import type { Observation, Ruling, Terms, Wait } from './decision.ts';
import { isOwn } from './force-rules.ts';
import { callFor, inFlightGuard, worldGuard } from './guards.ts';
import { patienceOf } from './patience.ts';

/** Long enough for a person to correct what made a roll-back necessary. */
const restMs = dayMs;
/** So often within one validity a value may be set back before a person is called. */
const mostSetBacks = 3;

/** Begins a rotation of what is due or asked for, or a new attempt in place of a minted credential that is dead. */
export function beginRule(state: TargetState, o: Observation, terms: Terms): Ruling {
  const { wish } = terms;
  const isDead = isDeadToken(state, o, terms);
  if (!terms.dueness.due && !isDead && wish === null) return null;
  if (!mayBegin(state, terms)) return null;
  if (state.desired === null && wish?.create !== true) return disagrees(state);
  // The pass tells of each, and a person who asks is refused.
  if (terms.bindings.some((one) => madeElsewhere(one, o.newest.get(bindingKey(one)) ?? null) !== null)) return null;
  const held = worldGuard(o, terms, 'begin') ?? (wish === null ? mayBeginNow(state, o, terms, isDead) : null);
  if (held !== null) return held;
  return (
    (isDead ? null : laterEnvironment(o, terms)) ??
    paceOf(o, terms) ??
    orphaned(state, o, terms) ?? { act: { act: 'note', entry: 'begin', facts: beginFacts(state, o, terms) } }
  );
}

/** A token of ours that the provider refuses: another one takes its place. */
function isDeadToken(state: TargetState, { seen }: Observation, { credentialClass }: Terms): boolean {
  return seen.check === 'refused' && credentialClass === 'minted' && isOwn(state, state.desired ?? '');
}

function mayBegin(state: TargetState, { bound }: Terms): boolean {
  return bound && state.retiredAt === null && openAttempt(state) === null;
}

/** The limit of rotations an hour holds back no person's wish. */
function paceOf({ seen: { pace } }: Observation, { wish }: Terms): Ruling {
  if (wish !== null || pace === null) return null;
  return pace === undefined ? { look: { look: 'pace' } } : wait('paced', pace);
}

/** A token of ours that no entry knows is noted before another is made. */
function orphaned(state: TargetState, { seen: { listed } }: Observation, { credentialClass }: Terms): Ruling {
  if (credentialClass !== 'minted') return null;
  if (listed === undefined) return { look: { look: 'listed' } };
  const [orphan] = listed;
  if (orphan === undefined || state.credentials.has(orphan.key)) return null;
  return { act: { act: 'note', entry: 'identify', facts: { found: [], listed } } };
}

/** An environment waits for those before it; what has leaked, and a secret that has no value yet, do not. */
function laterEnvironment(o: Observation, { earlier, wish }: Terms): Ruling {
  if (earlier.length === 0 || wish?.emergency === true || wish?.create === true) return null;
  if (o.seen.earlier === undefined) return { look: { look: 'earlier' } };
  if (o.seen.earlier === null) return null;
  return { wait: { ...wait('earlier-environment', null).wait, earlier: o.seen.earlier } };
}

/** Secrets of a group that do not hold one credential: renewing what one of them does not hold may end what another serves. */
function disagrees({ current }: TargetState): Ruling {
  return current.size > 1 ? callFor('GROUP_DISAGREES', 'begin', null) : null;
}

/** What failed waits for a person who asks again; so does a value that is set back over and over. */
function failedBefore(state: TargetState, { rotationId, bindings }: Terms): Ruling {
  const failed = rotationNamed(state, rotationId);
  if (failed?.result === 'failed')
    return { call: { code: failed.failure ?? 'CREDENTIAL_REFUSED', about: 'begin', credential: state.desired } };
  const since = (Date.parse(state.lastAt ?? '') || 0) - Math.max(...bindings.map(({ validityMs }) => validityMs));
  const setBacks = state.setBacks.filter((at) => Date.parse(at) >= since);
  return setBacks.length > mostSetBacks ? callFor('VALUE_SET_BACK', 'begin', state.desired) : null;
}

function mayBeginNow(state: TargetState, o: Observation, terms: Terms, isDead: boolean): Ruling {
  const failed = failedBefore(state, terms);
  if (failed !== null) return failed;
  if (terms.mode !== 'automatic') return wait('mode', null);
  if (terms.windowFrom !== null && !isDead) return wait('window', terms.windowFrom);
  const rolledBack = state.rotations.at(-1)?.rolledBack ?? null;
  const rested = new Date((Date.parse(rolledBack?.at ?? '') || 0) + restMs);
  if (rested > o.now) return wait('rest-after-roll-back', rested);
  const paced = dayLimitUntil(state, o, terms);
  if (paced !== null) return wait('paced', paced);
  return mayIssue(state, o, terms);
}

/** Where a new credential takes a slot, the slot must be free first: beginning would only wait. */
function mayIssue(state: TargetState, o: Observation, terms: Terms): Ruling {
  if (terms.credentialClass !== 'chosen' && terms.credentialClass !== 'read-back') return null;
  // What others replaced before the first rotation ends once that has begun, and not before: see `toEnd`.
  const other = state.rotations.length === 0 ? undefined : otherCredentials(state, null);
  if (other !== undefined) return { wait: { until: null, why: 'in-use', about: 'begin', credential: other.key } };
  return inFlightGuard(state, o, terms, 'begin', () => false);
}

/** From when on the day's number allows the next rotation; `null` when it does now. */
export function dayLimitUntil(
  { rotations }: TargetState,
  { now }: Pick<Observation, 'now'>,
  { bindings }: Pick<Terms, 'bindings'>,
): Date | null {
  const recent = rotations.map(({ begunAt }) => Date.parse(begunAt)).filter((at) => now.getTime() - at < dayMs);
  const limit = Math.min(...bindings.map(({ rotationsPerDay }) => rotationsPerDay));
  const [oldest] = recent;
  return recent.length >= limit && oldest !== undefined ? new Date(oldest + dayMs) : null;
}

function wait(why: Wait['why'], until: Date | null): { wait: Wait } {
  return { wait: { until, why, about: 'begin', credential: null } };
}

/** What the journal says of a rotation that begins now. */
function beginFacts(
  state: TargetState,
  o: Observation,
  { bindings, rotationId, issuer, credentialClass, wish, trigger, dueness }: Terms,
): JournalFacts {
  const asked = dueness.due ? trigger : 'reconciler';
  const claim: RotationClaim = {
    rotationId,
    trigger: wish === null ? asked : 'person',
    askedBy: wish?.by ?? null,
    ...patienceOf(bindings, wish?.emergency === true),
    issuer,
    credentialClass,
    validityMs: Math.min(...bindings.map((one) => tightened(one, o).validityMs)),
    from: bindings.map(bindingKey).map((member) => ({ member, version: o.newest.get(member)?.version ?? null })),
  };
  return {
    claim,
    bindings,
    credential: nextAttempt(rotationId, state.credentials.keys()),
    text: wish?.text,
  };
}

/** The binding as the newest version's own tags shorten it. */
function tightened(binding: SecretBinding, { newest }: Observation): SecretBinding {
  return tightenedBinding(binding, newest.get(bindingKey(binding))?.tags ?? {}).binding ?? binding;
}
