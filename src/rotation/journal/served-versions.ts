import { change, fresh, idleFrom, withCredential } from './change-credential.ts';
import type { FoundVersion, JournalFacts } from './journal-entry.ts';
import { stepsOf } from '../ports/rotation-steps.ts';
import {
  isServed,
  mayEndNext,
  openAttempt,
  type Rotation,
  servedBy,
  type TargetState,
  versionKey,
} from './target-state.ts';

type NewVersion = Pick<FoundVersion, 'member' | 'version' | 'credential'>;

/** These versions are the newest now: what they hold is served, and what no newest version holds any more is idle. */
export function served(before: TargetState, versions: readonly NewVersion[], at: string): TargetState {
  const holds = new Map(before.holds);
  const current = new Map(before.current);
  for (const { member, version, credential } of versions) {
    holds.set(versionKey(member, version), credential);
    current.set(member, version);
  }
  let state: TargetState = { ...before, holds, current };
  for (const { credential } of versions) state = change(state, credential, () => ({ served: true }));
  for (const [key, { life }] of state.credentials) {
    const isNow = isServed(state, key);
    // What has ended, or was to end, and is served again is in force; whether it still works is for a check to show.
    const inForce = { life: 'serving', idleSince: null, endingSince: null, endedAt: null, shown: null } as const;
    if (isNow && life !== 'serving') state = change(state, key, () => inForce);
    if (!isNow && life === 'serving') state = change(state, key, () => ({ life: 'idle', idleSince: at }));
  }
  return { ...state, untidy: true, rotations: state.rotations.map((one) => published(one, versions, at)) };
}

function published(rotation: Rotation, versions: readonly NewVersion[], at: string): Rotation {
  const ours = versions.filter(({ credential }) => credential === rotation.credential);
  if (ours.length === 0 || rotation.result !== null || rotation.step === 'published') return rotation;
  const all = new Map([...rotation.published, ...ours.map(({ member, version }) => [member, version] as const)]);
  const complete = rotation.claim.from.every(({ member }) => all.has(member));
  if (complete) return { ...rotation, published: all, step: 'published', publishedAt: at };
  // Nothing is published that was not tried before: a journal that was cut off may have lost that entry.
  const steps: readonly string[] = stepsOf[rotation.claim.credentialClass];
  return { ...rotation, published: all, ...(steps.includes('verified') ? { step: 'verified' } : {}) };
}

/** What was found out about versions and credentials; of versions that are newest it follows what is served. */
export function withFound(
  before: TargetState,
  { found = [], met = [], listed = [] }: JournalFacts,
  at: string,
): TargetState {
  let state = before;
  for (const one of met) state = withCredential(state, { ...fresh(one.key, false), ...one });
  for (const { key, credentialId } of listed)
    state = withCredential(state, { ...fresh(key, true), credentialId, life: 'idle', idleSince: at });
  const holds = new Map(state.holds);
  const theirs = new Set(state.theirs);
  for (const { member, version, credential, by } of found) {
    if (by === 'theirs') theirs.add(versionKey(member, version));
    holds.set(versionKey(member, version), credential);
    // Served between two looks: its readers have their time from here on.
    state = change(state, credential, ({ life }) => ({ served: true, ...(mayEndNext(life) ? idleFrom(at) : {}) }));
  }
  state = { ...state, holds, theirs, untidy: true };
  const newest = found.filter((one) => one.newest);
  if (newest.length === 0) return state;
  const isTheirs = newest.some(({ by }) => by === 'theirs');
  return adopted(before, served(state, newest, at), isTheirs, at);
}

/** What another publisher has set becomes the desired credential, once every secret of the target holds it. */
function adopted(before: TargetState, after: TargetState, theirs: boolean, at: string): TargetState {
  const [first] = after.current.keys();
  const credential = first === undefined ? null : servedBy(after, first);
  const agree = [...after.current.keys()].every((member) => servedBy(after, member) === credential);
  if (!agree || credential === null || credential === after.desired) return after;
  // The publication of the open attempt itself may have been cut off the journal with what followed it.
  const isAttempt = openAttempt(before)?.credential === credential;
  if (!theirs && after.desired !== null && !isAttempt) return after;
  const isSetBack = before.desired !== null && before.credentials.get(credential)?.served === true;
  return {
    ...after,
    desired: credential,
    desiredSince: at,
    setBacks: isSetBack ? [...after.setBacks, at] : after.setBacks,
    rotations: after.rotations.map((one) =>
      one.credential === before.desired && one.step === 'published' && one.replacedAt === null
        ? { ...one, replacedAt: at }
        : one,
    ),
  };
}
