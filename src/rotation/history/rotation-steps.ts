import { ServiceError } from '../../service-error.ts';

/** Who knows the new value first; it decides what must be durable before the provider is touched. */
export type CredentialClass = 'chosen' | 'minted' | 'read-back' | 'self';

export type RotationStep = 'claimed' | 'staged' | 'issued' | 'verified' | 'published' | 'grace' | 'revoked' | 'done';

/** Beside the steps: where a rotation rests or ends. `retry-wait` and `awaiting-approval` remember their step. */
export type RotationAside =
  | 'awaiting-approval'
  | 'retry-wait'
  | 'needs-attention'
  | 'superseded'
  | 'rolled-back'
  | 'stale'
  | 'frozen';

export type RotationState = RotationStep | RotationAside;

/**
 * The order of a rotation for each class.
 * - `chosen` (a database password): we know the value, so it is staged before the provider hears of it.
 * - `minted` (a Gitea token): the provider tells it once, so it is staged right after.
 * - `read-back` (a storage key): the provider tells it again whenever asked, so nothing is staged.
 * - `self` (a random value that only its readers use): there is no provider, so nothing to stage or verify.
 */
export const stepsOf = {
  chosen: ['claimed', 'staged', 'issued', 'verified', 'published', 'grace', 'revoked', 'done'],
  minted: ['claimed', 'issued', 'staged', 'verified', 'published', 'grace', 'revoked', 'done'],
  'read-back': ['claimed', 'issued', 'verified', 'published', 'grace', 'revoked', 'done'],
  self: ['claimed', 'published', 'grace', 'revoked', 'done'],
} as const satisfies Record<CredentialClass, readonly RotationStep[]>;

/** What each aside means, and what ends it: for the documentation and for whoever lists rotations. */
export const asides = {
  'awaiting-approval': 'Another person must agree before the next step; unanswered for seven days it needs attention.',
  'retry-wait': 'A step failed and is tried again: six times within minutes, then on three days.',
  'needs-attention': 'Trying again does not help. A person corrects the cause and asks for the rotation again.',
  superseded: 'Somebody else published meanwhile. Theirs stands; what we issued is withdrawn.',
  'rolled-back':
    'The old value was published again as a new version; what we issued ends when nothing speaks for its use.',
  stale: 'What was asked for spoke of a version that is not the newest. Nothing was done.',
  frozen: 'The journal does not know what the vault shows. Nothing is destroyed until it is rebuilt.',
} as const satisfies Record<RotationAside, string>;

/**
 * The step that follows `from`.
 * @throws ServiceError `ROTATION_STEP_REFUSED` when `from` is the last step, or no step of this class.
 */
export function stepAfter(credentialClass: CredentialClass, from: RotationStep, rotationId: string): RotationStep {
  const steps: readonly RotationStep[] = stepsOf[credentialClass];
  const position = steps.indexOf(from);
  const next = position === -1 ? undefined : steps[position + 1];
  if (next === undefined) throw new ServiceError('ROTATION_STEP_REFUSED', { rotationId, from, to: 'next' });
  return next;
}

/** Whether `step` of this class lies at or behind `other`. A step that the class does not have lies nowhere. */
export function hasReached(credentialClass: CredentialClass, step: RotationStep, other: RotationStep): boolean {
  const steps: readonly RotationStep[] = stepsOf[credentialClass];
  return steps.includes(other) && steps.indexOf(step) >= steps.indexOf(other);
}

/** Whether a rotation rests beside its steps. */
export function isAside(state: RotationState): state is RotationAside {
  return Object.hasOwn(asides, state);
}
