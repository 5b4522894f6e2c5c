import type { AuditedPeriod, ReportingPeriod } from '../../audit/model/audited-period.ts';
import { coverageDays, unreadHours } from './describe-state.ts';
import { lateRowsMs } from '../period/due-periods.ts';
import type { PackStatus } from './report-model.ts';
import { counted, minuteText } from './wording.ts';

/**
 * Whether a pack is final, or why it is provisional, in plain words. Data that is not read *yet* keeps a pack
 * provisional. Irrecoverable data does not: it is a scope limitation, and the report says so.
 */
export function packStatus(
  period: ReportingPeriod,
  audited: AuditedPeriod,
  now: Date,
): { readonly status: PackStatus; readonly reasons: readonly string[] } {
  const settled = new Date(+period.to + lateRowsMs);
  const waiting = audited.notRead.filter((one) => one.state === 'not-read-yet').length;
  const irrecoverable = audited.notRead.filter((one) => one.state === 'irrecoverable');
  const unread = unreadHours(coverageDays(period, audited.coverage)).filter(
    (hour) => !irrecoverable.some(({ from, to }) => Date.parse(from) <= hour && hour < Date.parse(to)),
  ).length;
  const reasons = [
    ...(now < settled ? [`The log may still receive rows of this period until ${minuteText(settled)}.`] : []),
    ...(waiting > 0
      ? [`${counted(waiting, 'source')} of evidence ${waiting === 1 ? 'has' : 'have'} not been read yet.`]
      : []),
    ...(unread > 0 ? [`${counted(unread, 'hour')} of the log ${unread === 1 ? 'has' : 'have'} not been read.`] : []),
  ];
  return { status: reasons.length === 0 ? 'final' : 'provisional', reasons };
}
