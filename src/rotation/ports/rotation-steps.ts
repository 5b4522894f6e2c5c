/** Who knows the new value first; it decides what must be durable before the provider is touched. */
export type CredentialClass = 'chosen' | 'minted' | 'read-back' | 'self';

export type RotationStep = 'claimed' | 'staged' | 'issued' | 'verified' | 'published' | 'grace' | 'revoked' | 'done';

/** Beside the steps: where a rotation rests or ends. */
export type RotationAside =
  | 'awaiting-go'
  | 'awaiting-approval'
  | 'retry-wait'
  | 'needs-attention'
  | 'superseded'
  | 'rolled-back'
  | 'abandoned';

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
  'awaiting-go': "A secret's first rotation waits for a person's go. The policy can say `first: automatic` instead.",
  'awaiting-approval':
    'Another person must agree before the next act; a question about publishing that is not answered for seven days ends the attempt.',
  'retry-wait': 'An act failed and is tried again: six times within minutes, then on three days.',
  'needs-attention': 'Trying again does not help. A person corrects the cause and asks for the rotation again.',
  superseded:
    'Another publisher set the secret. That value stays; what the rotation issued ends when nothing speaks for its use. If that value is dead, the state is `needs-attention`, and nothing ends until the secret holds one that works.',
  'rolled-back':
    'The old value was published again as a new version; what the rotation issued ends when nothing speaks for its use.',
  abandoned: 'The secret left the policy, or was retired, before anything was published. What was issued is withdrawn.',
} as const satisfies Record<RotationAside, string>;
