import { appendFindingStep } from '../../audit/findings/life/finding-record.ts';
import type { Finding } from '../../audit/model/finding.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { dayMs } from '../../secrets/duration.ts';
import { ServiceError } from '../../service-error.ts';
import type { FindingDecision } from '../../web/portal-ports.ts';

interface Desk {
  readonly records: RecordStore;
  readonly now: Date;
  /** Those that the portal shows; `null` while the log is being read. */
  readonly findings: readonly Pick<Finding, 'id' | 'ended'>[] | null;
}

/**
 * Appends a person's decision to the record of findings. @throws ServiceError `FINDING_DECISION_REFUSED` for a finding that is not
 * there or has ended, and for an acceptance until a day that is over.
 */
export async function recordDecision({ records, now, findings }: Desk, decision: FindingDecision): Promise<void> {
  const { lastDay, ...step } = decision;
  const refuse = (reason: string) => new ServiceError('FINDING_DECISION_REFUSED', { finding: step.finding, reason });
  if (findings === null) throw refuse('the log is still being read; try again in a minute');
  const finding = findings.find(({ id }) => id === step.finding);
  if (finding === undefined) throw refuse('the last ninety days have no such exception');
  if (finding.ended !== null) throw refuse('it has ended');
  const until = lastDay === null ? null : new Date(dayIn(lastDay, refuse) + dayMs);
  if (until !== null && until <= now) throw refuse('the last day of the acceptance is over');
  if (step.due !== null) dayIn(step.due, refuse);
  await appendFindingStep(records, { ...step, at: now.toISOString(), until: until?.toISOString() ?? null });
}

/** The beginning of a day, in milliseconds. */
function dayIn(text: string, refuse: (reason: string) => ServiceError): number {
  const at = Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(at) || !new Date(at).toISOString().startsWith(text))
    throw refuse(`${text} is no day of the calendar`);
  return at;
}
