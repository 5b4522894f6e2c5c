import { dayMs } from '../../secrets/duration.ts';
import type { SecretBinding } from '../../secrets/policy.ts';
import type { Question, WaitReason } from '../journal/journal-entry.ts';
import {
  aboutKey,
  type ApprovalGiven,
  type Rotation,
  type AskedQuestion,
  standingQuestion,
  type TargetState,
} from '../journal/target-state.ts';
import { rotationOf } from '../rotation-id.ts';
import { areWorthNoting } from './waiting-reasons.ts';
import type { Act, Observation, Ruling, Terms } from './decision.ts';

/** An approval is for what is there now; after a day it must be given again. */
const approvalMs = dayMs;
/** Nobody should find a pending value waiting for a forgotten question; a credential that a person keeps is asked about again. */
const questionMs = 7 * dayMs;

/** Whether a first rotation that waits for a person's go has it, or needs none. */
export function hasGo(
  { gone }: TargetState,
  { needsGo }: Pick<Terms, 'needsGo'>,
  { claim: { trigger } }: Pick<Rotation, 'claim'>,
): boolean {
  return !needsGo || gone || trigger === 'person';
}

/** Whether the policy wants a second person before this step. */
export function wantsApproval(bindings: readonly SecretBinding[], question: 'publish' | 'revoke'): boolean {
  return bindings.some(({ approval }) => approval.includes(question));
}

/** The approvals of a question about one credential, or about any attempt of its rotation, that count now. */
export function approvalsFor(
  { approvals, credentials }: TargetState,
  question: 'publish' | 'revoke',
  credential: string,
  now: Date,
): readonly ApprovalGiven[] {
  const since = Date.parse(credentials.get(credential)?.idleSince ?? '') || 0;
  const oldest = Math.max(now.getTime() - approvalMs, question === 'revoke' ? since : 0);
  const rotation = rotationOf(credential);
  return approvals.filter(
    (one) =>
      one.question === question &&
      (question === 'publish' ? one.credential.startsWith(`${rotation}.`) : one.credential === credential) &&
      Date.parse(one.at) >= oldest,
  );
}

const actOf = { publish: 'publish', revoke: 'end', go: 'begin' } as const satisfies Record<Question, string>;

/** Waits for an approval; asks for it first, and notes again what is to be weighed when that has changed. */
export function ask(
  state: TargetState,
  { now }: Observation,
  question: Question,
  credential: string,
  reasons: readonly WaitReason[] = [],
): NonNullable<Ruling> {
  const asked = standingQuestion(state, question, credential);
  const about = actOf[question];
  const again = asked === null ? null : askedAgainAt(asked);
  if (again !== null && again > now) return { wait: { until: again, why: 'approval', about, credential } };
  if (asked === null || again !== null || areWorthNoting(asked.waitsFor, asked.at, reasons, now)) {
    const note: Act = { act: 'note', entry: 'ask', facts: { question, credential, waitsFor: reasons } };
    return { act: note };
  }
  const until = question === 'publish' ? new Date(Date.parse(asked.at) + questionMs) : null;
  return { wait: { until, why: question === 'go' ? 'go' : 'approval', about, credential } };
}

/** When a question that a person declined is asked again; `null` while it is open. */
export function askedAgainAt({ declinedAt }: AskedQuestion): Date | null {
  return declinedAt === null ? null : new Date(Date.parse(declinedAt) + questionMs);
}

/** Whether a person declined that the attempt begins or publishes. */
export function isDeclined({ questions }: TargetState, credential: string): boolean {
  return (['publish', 'go'] as const).some(
    (question) => (questions.get(aboutKey(question, credential))?.declinedAt ?? null) !== null,
  );
}

/** Whether nobody has answered a question about publishing within its week. */
export function hasExpired(state: TargetState, credential: string, now: Date): boolean {
  const asked = state.questions.get(aboutKey('publish', credential));
  return asked !== undefined && Date.parse(asked.at) + questionMs <= now.getTime();
}
