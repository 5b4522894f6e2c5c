import type { Finding, FindingRule } from '../../audit/model/finding.ts';
import { keptMs } from '../../audit/collection/collect-retrievals.ts';
import type { RetrievalCollection } from '../../audit/collection/retrieval-collection.ts';
import { duePeriods, type PeriodKind } from '../../evidence/period/due-periods.ts';
import type { ReportingPeriod } from '../../audit/model/audited-period.ts';
import { dayMs, hourMs } from '../../secrets/duration.ts';
import type { NotificationEvent } from '../../notify/notification-event.ts';

/**
 * A gap in what was collected: hours that could not be read, or one without any row although Keyturn reads its canary in each. Only
 * hours whose rows have had time to arrive count. `null`: the collection has not begun.
 */
export function gapEvents(collection: RetrievalCollection | null, now: Date): readonly NotificationEvent[] {
  if (collection === null) return [];
  const day = dayOf(now);
  // What the log store has deleted is lost: reports say so, and no message brings it back.
  const unread = collection.unread.find(({ from }) => now.getTime() - Date.parse(from) < keptMs);
  if (unread !== undefined) return [{ type: 'log.gap', hour: timeOf(unread.from), code: unread.why, day }];
  const held = Object.keys(collection.held)
    .map(Date.parse)
    .sort((a, b) => a - b);
  const present = new Set(held);
  const first = held[0] ?? Date.parse(collection.since);
  for (let hour = first; hour + hourMs <= Date.parse(collection.watermark); hour += hourMs) {
    if (!present.has(hour)) return [{ type: 'log.gap', hour: new Date(hour).toISOString(), code: 'NO_ROW', day }];
  }
  return [];
}

/** Reports that were due a day ago and are not there. */
export function missedReports(
  kinds: readonly PeriodKind[],
  already: readonly ReportingPeriod[],
  now: Date,
): readonly NotificationEvent[] {
  const day = dayOf(now);
  return kinds
    .flatMap((kind) => duePeriods(kind, new Date(now.getTime() - dayMs), already))
    .map(({ from, to }) => ({ type: 'report.missed', from: dayOf(from), to: dayOf(to), day }));
}

/** What somebody must explain at once, and not when the next report is read. */
const suspicious: ReadonlySet<FindingRule> = new Set([
  'contradicted-read',
  'rotation-unexplained',
  'broker-unexplained',
  'unknown-identity-read',
  'staging-read',
  'denied-burst',
]);

/** The findings of an audited day that are told at once. */
export function suspiciousReads(findings: readonly Finding[]): readonly NotificationEvent[] {
  return findings
    .filter(({ rule }) => suspicious.has(rule))
    .map(({ rule, subject, id: finding, firstAt }) => ({
      type: 'read.suspicious',
      rule,
      subject: subject.slice(0, 200),
      finding,
      at: timeOf(firstAt),
    }));
}

function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}

/** Seven digits of a second become three. */
function timeOf(text: string): string {
  return new Date(text).toISOString();
}
