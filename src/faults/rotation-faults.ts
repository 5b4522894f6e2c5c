import { fault } from './fault.ts';

/** What can go wrong in a rotation. */
export const rotationFaults = {
  JOURNAL_CONFLICT: fault<{ rotationId: string; expectedEntry: number }>(
    'never',
    'Another worker took this rotation over. Stop, and compensate nothing.',
  ),
  ROTATION_STEP_REFUSED: fault<{ rotationId: string; from: string; to: string }>(
    'never',
    'This step does not follow from where the rotation stands.',
  ),
  SECRET_NOT_BOUND: fault<{ vault: string; secret: string }>(
    'never',
    'The policy does not bind this secret, so Keyturn only observes it. Bind it in keyturn.policy.yml to have it rotated.',
  ),
  ISSUER_UNKNOWN: fault<{ issuer: string; known: readonly string[] }>('never', 'There is no such issuer. Use one of those known.'),
  ISSUER_TARGET_REFUSED: fault<{ issuer: string; secret: string; place: string; reason: string }>(
    'never',
    "The target is not exactly the binding's, or is not one that this issuer accepts. Correct it in keyturn.policy.yml.",
  ),
} as const;
