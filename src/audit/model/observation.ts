import type { GrantHistory } from '../../grants/history/grant-history.ts';
import type { BrokerHistory } from '../../broker/history/broker-history.ts';
import type { PolicyAt } from '../../secrets/policy-timeline.ts';
import type { RotationHistory } from '../../rotation/history/rotation-history.ts';
import type {
  AuditedEvent,
  ExcludedRow,
  JobRecord,
  ReceiptRecord,
  ReportingPeriod,
  SecretDay,
} from './audited-period.ts';

/** What an observer may know before the first event. */
export interface ObservedMaterial {
  readonly period: ReportingPeriod;
  readonly policyAt: PolicyAt;
  readonly rotations: readonly RotationHistory[];
  /** What the broker did in the period. */
  readonly brokered: BrokerHistory;
  /** Requests of jobs for secrets that need a person's word. */
  readonly accessRequests: readonly GrantHistory[];
}

/**
 * Sees a share of a period: events ascending by `at`, jobs in order of their records, or receipts in order of their
 * references. Each event of the period is in exactly one share.
 */
export interface EventObserver<Observed> {
  /** An event of any population of the log: reads, refusals, writes, reads of staging, rows that contradict themselves. */
  event(event: AuditedEvent): void;
  /** Every row that a step of the waterfall left out, also if its event is in another population. */
  excluded(row: ExcludedRow): void;
  job(job: JobRecord): void;
  receipt(receipt: ReceiptRecord): void;
  /** What the share came to. The observer is not used again. */
  take(): Observed;
}

/** Watches an audit while it runs, so that nobody holds all its events. */
export interface Observation<Observed> {
  /** Observes one share. `full`: what `full` of the observation said; of these lists nothing more is needed. */
  observe(material: ObservedMaterial, full: ReadonlySet<string>): EventObserver<Observed>;
  /** Called first, once. */
  begin(material: ObservedMaterial): void;
  /** Every secret on every day of the period that an inventory was taken, in order of the days, before the shares. */
  secretDay(day: SecretDay): Promise<void>;
  /** Called for one share after the other, in order, each before the next is observed: how the period is divided changes nothing. */
  absorb(observed: Observed): Promise<void>;
  /** The lists that hold all that they may of the shares so far; absent: none. */
  full?(): ReadonlySet<string>;
}

/** For those who ask only what the audit came to. */
export const unobserved: Observation<null> = {
  observe: () => ({ event: ignore, excluded: ignore, job: ignore, receipt: ignore, take: () => null }),
  begin: ignore,
  secretDay: async () => await Promise.resolve(),
  absorb: async () => await Promise.resolve(),
};

function ignore(): void {
  // Nothing is kept.
}
