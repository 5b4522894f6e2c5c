import type { Approval } from './journal-entry.ts';
import type { RotationWork } from './rotation-work.ts';
import { areWorthNoting, boundedReasons } from './waiting-reasons.ts';

const dayMs = 86_400_000;
/** An approval is for what stands there now; after a day it must be given again. */
const approvalMs = dayMs;
/** Nobody should find a pending value waiting for a forgotten question. */
const questionMs = 7 * dayMs;

/** Whether somebody approved this step within the last day. */
export function isApproved({ rotation, tools }: RotationWork, step: 'publish' | 'revoke'): boolean {
  const oldest = tools.now().getTime() - approvalMs;
  return rotation.approvals.some((approval) => approval.step === step && Date.parse(approval.at) >= oldest);
}

/** Whether somebody broke the glass to have the old credential ended at once, within the last day. */
export function isBrokenOpen({ rotation, tools }: RotationWork): boolean {
  const oldest = tools.now().getTime() - approvalMs;
  return rotation.approvals.some(
    ({ step, at, breakGlass }) => step === 'revoke' && breakGlass && Date.parse(at) >= oldest,
  );
}

/** The approvals of this step that were given behind `since` and within the last day. */
export function approvalsSince(
  { rotation, tools }: RotationWork,
  step: 'publish' | 'revoke',
  since: Date,
): readonly Approval[] {
  const oldest = Math.max(since.getTime(), tools.now().getTime() - approvalMs);
  return rotation.approvals.filter((approval) => approval.step === step && Date.parse(approval.at) >= oldest);
}

/** Whether the policy wants a second person before this step. */
export function wantsApproval({ unit }: RotationWork, step: 'publish' | 'revoke'): boolean {
  return unit.members.some(({ approval }) => approval.includes(step));
}

/**
 * Asks for an approval, with the reasons that whoever approves should weigh. Asking twice changes nothing, unless the reasons
 * have changed: then the journal notes those of now, once an hour at most. A time that alone moved on is no change.
 */
export async function askForApproval(
  work: RotationWork,
  step: 'publish' | 'revoke',
  why: readonly string[],
): Promise<void> {
  const { rotation, tools } = work;
  const now = tools.now();
  const reasons = [`wanted: ${step}`, ...boundedReasons(why)];
  const isAsked = rotation.state === 'awaiting-approval' && wantedApproval(rotation) === step;
  if (isAsked && !areWorthNoting(rotation, reasons, now)) return;
  // The question has its week from when it was asked, however often its reasons change.
  const retryAt = (isAsked ? rotation.retryAt : null) ?? new Date(now.getTime() + questionMs);
  await work.outcome('ask', { state: 'awaiting-approval', facts: { reasons, retryAt: retryAt.toISOString() } });
}

/** Which step a waiting rotation wants approved, or `null`. */
export function wantedApproval(rotation: RotationWork['rotation']): 'publish' | 'revoke' | null {
  // What was rolled back stays that, and asks beside it.
  if (rotation.state === 'rolled-back') return rotation.reasons[0] === 'wanted: revoke' ? 'revoke' : null;
  if (rotation.state !== 'awaiting-approval') return null;
  return rotation.reasons[0] === 'wanted: publish' ? 'publish' : 'revoke';
}
