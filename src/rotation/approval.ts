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

/** Whether the policy wants a second person before this step. */
export function wantsApproval({ unit }: RotationWork, step: 'publish' | 'revoke'): boolean {
  return unit.members.some(({ approval }) => approval.includes(step));
}

/** Asks for an approval, with the reasons that whoever approves should weigh. Asking twice changes nothing. */
export async function askForApproval(
  work: RotationWork,
  step: 'publish' | 'revoke',
  why: readonly string[],
): Promise<void> {
  const { rotation, tools } = work;
  const reasons = [`wanted: ${step}`, ...why];
  if (rotation.state === 'awaiting-approval' && rotation.reasons[0] === reasons[0]) return;
  const retryAt = new Date(tools.now().getTime() + questionMs).toISOString();
  await work.outcome('ask', { state: 'awaiting-approval', facts: { reasons, retryAt } });
}

/** Which step a waiting rotation wants approved, or `null`. */
export function wantedApproval(rotation: RotationWork['rotation']): 'publish' | 'revoke' | null {
  if (rotation.state !== 'awaiting-approval') return null;
  return rotation.reasons[0] === 'wanted: publish' ? 'publish' : 'revoke';
}
