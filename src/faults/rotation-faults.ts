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
  ROTATION_UNKNOWN: fault<{ rotationId: string }>(
    'never',
    'The journal has no rotation of this id. List the rotations to find the right one.',
  ),
  SECRET_NOT_BOUND: fault<{ vault: string; secret: string }>(
    'never',
    'The policy does not bind this secret, so Keyturn only observes it. Bind it in keyturn.policy.yml to have it rotated.',
  ),
  SECRET_ABSENT: fault<{ vault: string; secret: string }>(
    'never',
    'The vault has no such secret. Recover it if it was deleted, or create its first version; Keyturn rotates what is there.',
  ),
  SECRET_TAGS_TOO_MANY: fault<{ vault: string; secret: string; tags: number; limit: number }>(
    'never',
    'With the tags that Keyturn writes this secret would have more than Key Vault takes. Remove tags that nobody reads.',
  ),
  SECRET_TAG_MALFORMED: fault<{ vault: string; secret: string; tag: string; expected: string }>(
    'never',
    'A tag of the secret is not what it is to be. A malformed rotation counts as off, any other has no effect. Correct or remove it.',
  ),
  SECRET_TAG_WIDENS: fault<{ vault: string; secret: string; tag: string; allowed: string }>(
    'never',
    'A tag of the secret asks for more than the policy allows, so it has no effect. Correct or remove it, or change the policy.',
  ),
  ISSUER_UNKNOWN: fault<{ issuer: string; known: readonly string[] }>(
    'never',
    'There is no such issuer. Use one of those known.',
  ),
  ISSUER_TARGET_REFUSED: fault<{ issuer: string; secret: string; place: string; reason: string }>(
    'never',
    "The target is not exactly the binding's, or is not one that this issuer accepts. Correct it in keyturn.policy.yml.",
  ),
  CREDENTIAL_REFUSED: fault<{ issuer: string; secret: string }>(
    'backoff',
    'The provider refused the new credential, or it is not the one that the policy asks for. It was not published.',
  ),
  CREDENTIAL_NOT_READY: fault<{ issuer: string; secret: string }>(
    'backoff',
    'The new credential was not usable within the time that providers need. It was not published.',
  ),
  CREDENTIAL_REFUSED_BY_PROVIDER_POLICY: fault<{ issuer: string; secret: string }>(
    'never',
    "The provider does not accept such a value. Make the binding's rules for the value as strict as the provider's.",
  ),
  CREDENTIAL_IN_FORCE_REFUSED: fault<{ issuer: string; secret: string }>(
    'backoff',
    'The published credential does not work at the provider now, so the old one is not revoked. Look at the provider first.',
  ),
  STAGED_VALUE_REFUSED: fault<{ vault: string; secret: string; version: string }>(
    'never',
    'The staged value does not carry the seal of this rotation: somebody else put it there. It was not used.',
  ),
  STAGED_VALUE_LOST: fault<{ vault: string; secret: string; version: string }>(
    'never',
    'The staged version that the journal names is gone or disabled. Look at who changed it, then ask for the rotation again.',
  ),
  GROUP_SUPERSEDED: fault<{ vault: string; secret: string; version: string }>(
    'never',
    'A part of the group is published and somebody else published another part. Both stand; decide which is right.',
  ),
  GROUP_DISAGREES: fault<{ vault: string; secret: string; first: string }>(
    'never',
    'The secrets of this group do not hold the same credential, so that renewing one would end another. Set them alike by hand.',
  ),
  CLOCK_DISAGREES: fault<{ vault: string; differenceSeconds: number }>(
    'backoff',
    "Our clock and the vault's differ by more than five minutes. Correct the clock; nothing was claimed or revoked.",
  ),
  LEASE_ENDED: fault<{ rotationId: string }>(
    'backoff',
    'The time that this worker had is over, so it began no further act. The next pass goes on where it stopped.',
  ),
  APPROVAL_REFUSED: fault<{ rotationId: string; reason: string }>(
    'never',
    'This approval does not count. Another person than the one who asked must give it, for a step that waits.',
  ),
  APPROVAL_EXPIRED: fault<{ rotationId: string; step: string }>(
    'never',
    'Nobody approved in time, so the rotation stopped before this step. Ask for it again when somebody can approve.',
  ),
  ROLL_BACK_REFUSED: fault<{ rotationId: string | null; reason: string }>(
    'never',
    'There is nothing that can be rolled back now. After revocation rotate forward instead.',
  ),
  ROTATION_REQUEST_REFUSED: fault<{ vault: string; secret: string; reason: string }>(
    'never',
    'The rotation was not begun. The reason says what stands against it.',
  ),
} as const;
