import type { RotationState } from '../rotation/ports/rotation-steps.ts';
import { sentenceOf } from '../service-error.ts';
import type { RotationEvent } from '../rotation/rotation-tools.ts';

/** What each state means, after "the rotation". */
const states = {
  claimed: 'has started',
  staged: 'keeps its new value in the staging secret',
  issued: 'has a new credential',
  verified: 'has shown that the new credential works',
  published: 'has published the new value',
  grace: 'waits until the grace of the old value has ended',
  revoked: 'has ended the old credential',
  done: 'is complete',
  'awaiting-go': 'waits for a go, because it is the first of this secret',
  'awaiting-approval': 'waits for a second person to approve it',
  'retry-wait': 'failed at a step and tries it again',
  'needs-attention': 'needs a person',
  superseded: 'ended, because another publisher set a newer value',
  'rolled-back': 'is rolled back: the old value is in force again',
  abandoned: 'is abandoned, because the secret left the policy or was retired',
} as const satisfies Record<RotationState, string>;

/** What a rotation has come to, after "the rotation". */
export function describeState(state: RotationState): string {
  return states[state];
}

/** One sentence for a person who watches. */
export function describeEvent({ vault, secret, state, failure, retryAt }: RotationEvent): string {
  const failed = failure === null ? '' : ` (${failure}: ${sentenceOf(failure) ?? 'unknown'})`;
  const again = retryAt === null || state !== 'retry-wait' ? '' : `; next try at ${retryAt.toISOString()}`;
  return `${vault}/${secret}: the rotation ${states[state]}${again}${failed}.`;
}
