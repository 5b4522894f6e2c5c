import { fault } from './fault.ts';

/** What can go wrong in a rotation. */
export const rotationFaults = {
  JOURNAL_CONFLICT: fault<{ rotationId: string; expectedEntry: number }>({
    retry: 'never',
    effect: 'none',
    layer: 'rotation',
    says: 'Another worker took over this rotation. Stop, and undo nothing.',
  }),
  ROTATION_STEP_REFUSED: fault<{ rotationId: string; from: string; to: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'rotation',
    says: 'The rotation cannot take this step from its current state.',
  }),
  ROTATION_UNKNOWN: fault<{ rotationId: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'rotation',
    says: 'The journal has no rotation with this id. List the rotations to find the right one.',
  }),
  SECRET_NOT_BOUND: fault<{ vault: string; secret: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'policy',
    says: 'The policy does not bind this secret, so Keyturn only observes it. To have it rotated, bind it in keyturn.policy.yml.',
  }),
  SECRET_ABSENT: fault<{ vault: string; secret: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'vault',
    says: 'The vault has no secret with this name. Recover it if it was deleted, or create its first version; Keyturn rotates only existing secrets.',
  }),
  SECRET_TAGS_TOO_MANY: fault<{ vault: string; secret: string; tags: number; limit: number }>({
    retry: 'never',
    effect: 'none',
    layer: 'vault',
    says: 'With the tags that Keyturn writes, this secret would exceed the tag limit of Key Vault. Remove tags that nobody reads.',
  }),
  SECRET_TAG_MALFORMED: fault<{ vault: string; secret: string; tag: string; expected: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'policy',
    says: 'A tag on this secret has an invalid value. An invalid rotation tag counts as off; any other has no effect. Correct or remove it.',
  }),
  SECRET_TAG_WIDENS: fault<{ vault: string; secret: string; tag: string; allowed: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'policy',
    says: 'A tag on this secret asks for more than the policy allows, so it has no effect. Correct or remove it, or change the policy.',
  }),
  ISSUER_UNKNOWN: fault<{ issuer: string; known: readonly string[] }>({
    retry: 'never',
    effect: 'none',
    layer: 'policy',
    says: 'Unknown issuer. Use one of the known issuers.',
  }),
  ISSUER_TARGET_REFUSED: fault<{ issuer: string; secret: string; place: string; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'policy',
    says: "The target differs from the binding's, or this issuer does not accept it. Correct it in keyturn.policy.yml.",
  }),
  CREDENTIAL_REFUSED: fault<{ issuer: string; secret: string }>({
    retry: 'backoff',
    effect: 'none',
    layer: 'provider',
    says: 'The provider refused the new credential, or it is not the one that the policy asks for. It was not published.',
  }),
  CREDENTIAL_NOT_READY: fault<{ issuer: string; secret: string }>({
    retry: 'backoff',
    effect: 'none',
    layer: 'provider',
    says: 'The new credential did not work within the time that providers need. It was not published.',
  }),
  CREDENTIAL_REFUSED_BY_PROVIDER_POLICY: fault<{ issuer: string; secret: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'provider',
    says: "The provider does not accept such a value. Make the binding's rules for the value as strict as the provider's.",
  }),
  CREDENTIAL_IN_FORCE_REFUSED: fault<{ issuer: string; secret: string }>({
    retry: 'backoff',
    effect: 'none',
    layer: 'provider',
    says: 'The published credential does not work at the provider now, so the old one is not revoked. Check the provider first.',
  }),
  STAGED_VALUE_REFUSED: fault<{ vault: string; secret: string; version: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'rotation',
    says: 'The staged value lacks the seal of this rotation, so Keyturn did not write it. It was not used.',
  }),
  STAGED_VALUE_LOST: fault<{ vault: string; secret: string; version: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'rotation',
    says: 'The staged version that the journal names is missing or disabled. Find out who changed it, then request the rotation again.',
  }),
  GROUP_SUPERSEDED: fault<{ vault: string; secret: string; version: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'rotation',
    says: 'One part of the group was published, and another publisher set another part. Both remain current; decide which is right.',
  }),
  GROUP_DISAGREES: fault<{ vault: string; secret: string; first: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'rotation',
    says: 'The secrets of this group do not hold the same credential, so renewing one would end another. Set them to the same value by hand.',
  }),
  CLOCK_DISAGREES: fault<{ vault: string; differenceSeconds: number }>({
    retry: 'backoff',
    effect: 'none',
    layer: 'vault',
    says: "Keyturn's clock and the vault's differ by more than five minutes. Correct the clock; nothing was claimed or revoked.",
  }),
  LEASE_ENDED: fault<{ rotationId: string }>({
    retry: 'backoff',
    effect: 'none',
    layer: 'rotation',
    says: "This worker's lease ended, so it started no further act. The next pass continues from here.",
  }),
  APPROVAL_REFUSED: fault<{ rotationId: string; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'rotation',
    says: 'This approval does not count. A person other than the requester must approve a step that waits for approval.',
  }),
  APPROVAL_EXPIRED: fault<{ rotationId: string; step: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'rotation',
    says: 'Nobody approved in time, so the rotation stopped before this step. Request it again when an approver is available.',
  }),
  ROLL_BACK_REFUSED: fault<{ rotationId: string | null; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'rotation',
    says: 'Nothing can be rolled back now. After revocation, rotate forward instead.',
  }),
  ROTATION_REQUEST_REFUSED: fault<{ vault: string; secret: string; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'rotation',
    says: 'The rotation did not start; see the reason.',
  }),
} as const;
