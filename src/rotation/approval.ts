import type { Approval } from './journal-entry.ts';
import type { RotationWork } from './rotation-work.ts';

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

/** Of more reasons than this nobody weighs each. */
const mostReasons = 20;
/** How often a change of reasons is noted: jobs come and go with every pass, and the journal is kept for good. */
const noteAgainMs = 3_600_000;

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
  const now = tools.now().getTime();
  const reasons = [`wanted: ${step}`, ...bounded(why)];
  const isAsked = rotation.state === 'awaiting-approval' && wantedApproval(rotation) === step;
  // Give or take: a clock that was set back must not silence the question.
  const isRecent = Math.abs(now - rotation.lastAt.getTime()) < noteAgainMs;
  if (isAsked && (isRecent || withoutTimes(reasons) === withoutTimes(rotation.reasons))) return;
  // The question has its week from when it was asked, however often its reasons change.
  const retryAt = (isAsked ? rotation.retryAt : null) ?? new Date(now + questionMs);
  await work.outcome('ask', { state: 'awaiting-approval', facts: { reasons, retryAt: retryAt.toISOString() } });
}

function bounded(why: readonly string[]): readonly string[] {
  const more = why.length - mostReasons;
  return more > 0 ? [...why.slice(0, mostReasons), `and ${String(more)} more`] : why;
}

const isoTime = /\d{4}-\d{2}-\d{2}T[\d:.]+Z/g;

function withoutTimes(reasons: readonly string[]): string {
  return reasons.map((reason) => reason.replaceAll(isoTime, '')).join('\n');
}

/** Which step a waiting rotation wants approved, or `null`. */
export function wantedApproval(rotation: RotationWork['rotation']): 'publish' | 'revoke' | null {
  // What was rolled back stays that, and asks beside it.
  if (rotation.state === 'rolled-back') return rotation.reasons[0] === 'wanted: revoke' ? 'revoke' : null;
  if (rotation.state !== 'awaiting-approval') return null;
  return rotation.reasons[0] === 'wanted: publish' ? 'publish' : 'revoke';
}
