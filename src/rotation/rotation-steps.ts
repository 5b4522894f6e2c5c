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
