import { personOnRecord } from '../../provenance/person.ts';
import { askedAgainAt, isDeclined } from '../decide/questions.ts';
import type { Question, WaitReason } from '../journal/journal-entry.ts';
import {
  aboutKey,
  type Failure,
  type Credential,
  failureKey,
  isAlive,
  type Rotation,
  standingQuestion,
  type TargetState,
} from '../journal/target-state.ts';
import { attemptIdOf } from '../rotation-id.ts';
import { bindingKey, placeIn } from '../rotation-unit.ts';
import type { RotationHistory, RotationSummary } from './rotation-history.ts';
import type { RotationState } from '../ports/rotation-steps.ts';

/** Where a rotation rests: its step, or what holds it beside its steps. */
export function stateOfRotation(state: TargetState, rotation: Rotation): RotationState {
  const { result, rolledBack, replacedAt, step } = rotation;
  if (rolledBack !== null) return 'rolled-back';
  if (result === 'failed') return 'needs-attention';
  if (result === 'unbound') return 'abandoned';
  if (result === 'superseded') return 'superseded';
  // What took its place may be dead, which only a person can mend.
  if (replacedAt !== null) return callOf(state, rotation) === undefined ? 'superseded' : 'needs-attention';
  if (result === 'done') return 'done';
  const held = heldState(state, rotation);
  if (held !== null) return held;
  if (step !== 'published') return step;
  if (isEnded(state, rotation.from)) return 'revoked';
  return [...state.staged.values()].includes(rotation.credential) ? 'published' : 'grace';
}

const attemptActs = ['stage', 'issue', 'verify', 'publish', 'begin'] as const;
const forceActs = ['publish', 'replicate', 'repair', 'identify', 'disable'] as const;

function heldState(state: TargetState, rotation: Rotation): RotationState | null {
  const { credential, from, step } = rotation;
  const acts: readonly string[] = step === 'published' ? forceActs : [...attemptActs, ...forceActs];
  if (callOf(state, rotation) !== undefined) return 'needs-attention';
  const question = asked(state, rotation);
  if (question === 'go') return 'awaiting-go';
  if (question !== null) return 'awaiting-approval';
  const hasFailed =
    acts.some((act) => state.failures.has(failureKey(act, credential))) || state.failures.has(failureKey('end', from));
  return hasFailed ? 'retry-wait' : null;
}

/** Credentials that no rotation made or replaced, as one that two other publishers set in turn: the newest rotation asks for them. */
function strays({ rotations, credentials }: TargetState, rotationId: string): readonly string[] {
  if (rotations.at(-1)?.claim.rotationId !== rotationId) return [];
  const known = new Set(rotations.flatMap(({ from, credential }) => [from, credential]));
  return [...credentials.keys()].filter((key) => !known.has(key));
}

/** What a rotation waits for a person's word about, or `null`. */
export function asked(state: TargetState, rotation: Asking): Question | null {
  return askedAbout(state, rotation)?.question ?? null;
}

type Asking = Pick<Rotation, 'credential' | 'from' | 'step' | 'claim' | 'result'>;

/** The same, with the credential that the question is about. */
export function askedAbout(
  state: TargetState,
  { credential, from, step, claim, result }: Asking,
): { readonly question: Question; readonly credential: string } | null {
  const isOpen = step !== 'published' && result === null;
  if (isOpen) {
    if (isDeclined(state, credential)) return null;
    if (state.questions.has(aboutKey('go', credential)) && !state.gone) return { question: 'go', credential };
    if (standingQuestion(state, 'publish', credential) !== null) return { question: 'publish', credential };
  }
  // What takes the place of others waits for the end of each of them.
  const others = strays(state, claim.rotationId);
  for (const key of isOpen ? others : [from, credential, ...others]) {
    const about = state.credentials.get(key ?? '');
    if (key === null || about === undefined || !isAlive(about) || about.life === 'ending') continue;
    const open = standingQuestion(state, 'revoke', key);
    if (key === state.desired || open === null || open.declinedAt !== null) continue;
    return { question: 'revoke', credential: key };
  }
  return null;
}

function isEnded({ credentials }: TargetState, key: string | null): boolean {
  return key === null || credentials.get(key)?.life === 'ended';
}

type Summed = RotationSummary & Pick<RotationHistory, 'rolledBack'>;

/** What the journal shows of a rotation, for evidence and for people: one row for each secret. Says no more than that shows. */
export function summariesOf(state: TargetState, rotation: Rotation): readonly Summed[] {
  const { claim, published, reason: why, asks, begunAt: claimedAt, publishedAt } = rotation;
  const { trigger, askedBy, emergency } = claim;
  const oldValue = oldValueOf(state, rotation);
  const newValue = newValueOf(state, rotation);
  const rolledBack = rolledBackOf(state, rotation);
  const told = { trigger, askedBy, emergency, reason: why, asks, claimedAt, publishedAt, oldValue, newValue };
  const whole = {
    ...told,
    rolledBack,
    rotationId: attemptIdOf(claim.rotationId, rotation.attempt),
    state: stateOfRotation(state, rotation),
    publication: publicationOf(rotation),
    note: noteOf(rotation, { oldValue, newValue, rolledBack }) ?? keptNote(state, rotation),
    failure: failureOf(state, rotation),
    approvals: state.approvals
      .filter(isAbout(rotation))
      .map(({ question: step, by, at, breakGlass, text: reason }) => ({ step, by, at, breakGlass, reason })),
    declines: state.declines
      .filter(isAbout(rotation))
      .map(({ question: step, by, at, text: reason }) => ({ step, by, at, reason })),
  };
  return claim.from.map(({ member, version }) => {
    const { vault, name: secret } = placeIn(member);
    const binding = state.bindings.find((one) => bindingKey(one) === member);
    const publishedVersion = published.get(member) ?? null;
    const environment = binding?.environment ?? null;
    return { ...whole, vault, secret, environment, fromVersion: version ?? '', publishedVersion };
  });
}

function isAbout({ claim, from, begunAt }: Rotation): (word: { credential: string; at: string }) => boolean {
  return ({ credential, at }) =>
    credential.startsWith(`${claim.rotationId}.`) || (credential === from && at >= begunAt);
}

function publicationOf({ published, result }: Rotation): RotationSummary['publication'] {
  if (published.size > 0) return 'published';
  return result === null ? 'not-yet' : 'never';
}

function oldValueOf(state: TargetState, rotation: Rotation): RotationSummary['oldValue'] {
  const { from, step, rolledBack, replacedAt, published } = rotation;
  if (from === null) return rotation.claim.from.some(({ version }) => version !== null) ? 'cannot-be-shown' : 'none';
  const old = state.credentials.get(from);
  if (old?.life === 'ended' && old.shown !== null && (published.size > 0 || from !== state.desired)) return old.shown;
  if (rolledBack !== null || replacedAt !== null) return from === state.desired ? 'in-force-again' : 'in-grace';
  if (step === 'published') return 'in-grace';
  if (mayBeReplaced(state, rotation, old)) return 'perhaps-replaced';
  return from === state.desired || rotation.result === null ? 'in-force' : 'in-grace';
}

/**
 * Whether the provider may have taken a new value in the old one's place, which ends the old one before anything is published:
 * so it is where a single password has one name for both values. Of an unknown name it may be so.
 */
function mayBeReplaced(state: TargetState, rotation: Rotation, old: Credential | undefined): boolean {
  const made = state.credentials.get(rotation.credential);
  if (rotation.claim.credentialClass !== 'chosen' || made === undefined || rotation.result !== null) return false;
  const wasSent =
    made.life !== 'intended' || state.inFlight.some((one) => one.act === 'issue' && one.credential === made.key);
  if (!wasSent) return false;
  return old?.credentialId == null || made.credentialId === null || old.credentialId === made.credentialId;
}

function newValueOf(state: TargetState, rotation: Rotation): RotationSummary['newValue'] {
  const { credential, result, rolledBack, replacedAt, published } = rotation;
  const made = state.credentials.get(credential);
  const hasEnded = made === undefined || made.life === 'ended';
  if (published.size === 0 && result === null) return 'not-published';
  const isServed = credential === state.desired || (rolledBack === null && replacedAt === null);
  if (published.size > 0 && isServed) return 'in-force';
  return hasEnded ? 'withdrawn' : 'in-grace';
}

function rolledBackOf(state: TargetState, { rolledBack, credential, claim }: Rotation): RotationHistory['rolledBack'] {
  if (rolledBack === null) return null;
  const { at, by, text } = rolledBack;
  const since = Date.parse(state.credentials.get(credential)?.idleSince ?? at);
  const graceMs = Math.max(claim.graceMs, ...state.bindings.map((binding) => binding.graceMs));
  return {
    at,
    says: `${by === null ? 'Keyturn' : personOnRecord(by)}: ${text}`,
    newEndsFrom: new Date(since + graceMs).toISOString(),
  };
}

function noteOf(
  { result, replacedAt }: Rotation,
  { oldValue, newValue, rolledBack }: Pick<Summed, 'oldValue' | 'newValue' | 'rolledBack'>,
): string | null {
  if (rolledBack !== null) {
    const began = `Rolled back ${minute(rolledBack.at)} by ${rolledBack.says.replace(/\.$/, '')}.`;
    const old =
      oldValue === 'in-force-again'
        ? 'The old value is in force again, as a new version.'
        : 'Then another publisher set the secret.';
    return `${began} ${old} ${endOf(newValue, rolledBack.newEndsFrom)}`;
  }
  if (result !== 'superseded' && replacedAt === null) return null;
  if (replacedAt === null)
    return `Another publisher set the secret first. What was issued ${newValue === 'withdrawn' ? 'is taken back' : 'is still to be taken back'}.`;
  const old = oldValue === 'in-force-again' ? ' It is the old value again.' : '';
  return `Another publisher set the secret ${minute(replacedAt)}.${old} ${endOf(newValue, null)}`;
}

/** A person declined that the old value, or one that was rolled back, ends. */
function keptNote(state: TargetState, { step, from, credential }: Rotation): string | null {
  if (step !== 'published') return null;
  for (const key of [from, credential]) {
    const about = state.credentials.get(key ?? '');
    const question = about === undefined || !isAlive(about) ? null : standingQuestion(state, 'revoke', key);
    const again = question === null ? null : askedAgainAt(question);
    if (again === null || key === state.desired) continue;
    const what = key === from ? 'The old value' : 'The value of this rotation';
    return `${what} goes on working, because a person declined its end. It is asked again on ${again.toISOString().slice(0, 10)}.`;
  }
  return null;
}

function endOf(newValue: RotationSummary['newValue'], from: string | null): string {
  if (newValue === 'in-force') return 'The value of this rotation is in force.';
  if (newValue === 'withdrawn') return 'What was issued is taken back.';
  const notBefore = from === null ? '' : `, not before ${minute(from)}`;
  return `The value of this rotation ends when nothing speaks for its use${notBefore}.`;
}

function minute(at: string): string {
  return `${at.slice(0, 16).replace('T', ' ')} UTC`;
}

/** One reason to wait, in words. */
function describeReason({ code, until, subject = '', who = '', count }: WaitReason): string {
  switch (code) {
    case 'grace':
      return `grace until ${until ?? ''}`;
    case 'consumers':
      return `consumers may hold it until ${until ?? ''}`;
    case 'log':
      return `log of ${subject} read up to ${until ?? 'nowhere'}`;
    case 'gap':
      return `gap ${subject} ${until ?? ''} (${String(count ?? 1)})`;
    case 'job':
      return `job ${who} runs`;
    case 'read':
      return `read ${subject} ${until ?? ''} by ${who}`;
    case 'provider-use':
      return `provider saw it used ${until ?? ''}`;
    case 'unknown-version':
      return `the value of version ${subject} may be the same: no enabled version tells`;
    case 'in-use':
      return `and ${String(count ?? 1)} more`;
    default:
      return code satisfies never;
  }
}

/** What is to be weighed before a credential of this rotation ends, in words; empty when nothing was looked at yet. */
export function waitsOf(state: TargetState, { from, credential }: Rotation): readonly string[] {
  return [from, credential].flatMap((key) => {
    const about = state.credentials.get(key ?? '');
    if (key === null || about === undefined || !isAlive(about) || key === state.desired) return [];
    const since = about.idleSince ?? '';
    const noted = state.waits.get(key);
    const question = state.questions.get(aboutKey('revoke', key));
    if (question !== undefined && question.at >= since) {
      const reasons = question.waitsFor.map(describeReason);
      return reasons.length === 0 ? ['nothing speaks for it being in use'] : reasons;
    }
    return noted !== undefined && noted.at >= since ? noted.reasons.map(describeReason) : [];
  });
}

/** The failure that a rotation waits over now. */
export function newestFailure({ failures }: TargetState, { credential, from }: Rotation): Failure | undefined {
  const failed = [...attemptActs, ...forceActs].map((act) => failures.get(failureKey(act, credential)));
  return [...failed, failures.get(failureKey('end', from))].find((one) => one !== undefined);
}

/** What a person is called for: about the rotation's own credentials, and by its newest rotation about what is in force. */
function callOf(
  state: TargetState,
  { credential, from, step, claim }: Rotation,
): { readonly code: string } | undefined {
  // A group that disagrees keeps the next rotation from beginning, and this one from its end.
  const acts: readonly string[] = step === 'published' ? ['begin', ...forceActs] : [...attemptActs, ...forceActs];
  const isNewest = state.rotations.at(-1)?.claim.rotationId === claim.rotationId;
  const about = isNewest ? [credential, null, state.desired] : [credential, null];
  const keys = acts.flatMap((act) => about.map((key) => aboutKey(act, key)));
  return [...keys, aboutKey('end', from)].map((key) => state.calls.get(key)).find((call) => call !== undefined);
}

/** The failure that a rotation waits over, or that ended it. */
export function failureOf(state: TargetState, rotation: Rotation): string | null {
  const told = rotation.failure ?? callOf(state, rotation)?.code;
  // An act whose answer was lost and that was found done has failed all the same; what is complete got over it.
  return told ?? (rotation.result === 'done' ? null : (newestFailure(state, rotation)?.code ?? null));
}
