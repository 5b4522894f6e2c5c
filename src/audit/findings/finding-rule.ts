import type { RotationHistory } from '../../rotation/history/rotation-history.ts';
import type { GrantHistory } from '../../grants/history/grant-history.ts';
import type { BrokerHistory } from '../../broker/history/broker-history.ts';
import type { PolicyAt } from '../../secrets/policy-timeline.ts';
import type { AttributionContext } from '../attribution/rules/attribution-rule.ts';
import type { Attribution } from '../model/attribution.ts';
import type {
  AccessRecord,
  HourCoverage,
  InventorySnapshot,
  PolicyChange,
  ReportingPeriod,
  SecretInventoryEntry,
  SliceRecord,
} from '../model/audited-period.ts';
import type { LedgerReceipt } from '../collection/receipt-ledger.ts';
import type { Finding } from '../model/finding.ts';
import type { Job } from '../model/job.ts';
import type { Posture } from '../model/posture.ts';
import type { ReadsOnRecord } from '../period/reads-on-record.ts';
import type { KnownSecrets } from '../model/known-secrets.ts';
import type { RefusedReceipts } from '../collection/receipt-room.ts';
import type { Retrieval } from '../model/retrieval.ts';

/** What rules know before the first row. */
export interface FindingContext {
  readonly period: ReportingPeriod;
  /** The policy that was in force at a moment. */
  readonly policyAt: PolicyAt;
  readonly rotations: readonly RotationHistory[];
  /** What the broker did in the period. */
  readonly brokered: BrokerHistory;
  /** Requests of jobs for secrets that need a person's word. */
  readonly accessRequests: readonly GrantHistory[];
  readonly secrets: KnownSecrets;
  readonly attribution: AttributionContext;
  readonly refusedReceipts: readonly RefusedReceipts[];
  /** Reads of the ninety days before the period. */
  readonly earlierReads: ReadsOnRecord;
  /** The time of which both the workspace and the archive are read and settled; `null` if only one log is read. */
  readonly bothLogs: ReportingPeriod | null;
}

/** What rules know after the last row. */
export interface EndOfPeriod {
  /** Rows up to here have arrived (milliseconds); later rows may still arrive. */
  readonly settledTo: number;
  /** The end of the period, or the time of the audit if that is earlier (milliseconds). */
  readonly asOf: number;
  /** Since when rows are on record without a gap in the collection (milliseconds); `null` if none are. */
  readonly rowsSince: number | null;
  readonly coverage: readonly HourCoverage[];
  readonly unreadable: readonly { readonly place: string; readonly reason: string }[];
  readonly inventory: readonly SecretInventoryEntry[];
  readonly access: AccessRecord;
  readonly slices: readonly SliceRecord[];
  readonly policyChanges: readonly PolicyChange[];
  readonly period: ReportingPeriod;
}

/**
 * What a rule says of one event: it broke the rule, or it was held against it and kept it. Nothing if the rule has no
 * criterion for the event.
 */
export type Judgement = 'broken' | 'kept' | undefined;

/** One receipt of the period, after all rows. */
export interface AuditedReceipt extends LedgerReceipt {
  /** When it was answered by the vault's clock, as the runner estimated it; milliseconds. */
  readonly at: number;
  /** The job that it names; `null` if that is unknown. */
  readonly job: Job | null;
  /** Whether it was found in the log of another job. */
  readonly isCopy: boolean;
  /** Whether it is such a copy, or other receipts claim one of its requests. */
  readonly isContested: boolean;
  /** Whether a row of the log has one of its ids; `null` while rows may still arrive, and for a read that was refused. */
  readonly matched: boolean | null;
}

/** One rule over one period. It sees the events of the vaults in scope in order, and keeps only what it needs. */
interface FindingObserver {
  /**
   * `attribution` is `null` for events outside the population. A row whose stamp nothing confirms is seen a second time,
   * with the grade that it has without its client text.
   */
  see?(retrieval: Retrieval, attribution: Attribution | null): Judgement;
  /**
   * Every inventory that was taken in the period, in order. Returns what it says of each secret, by `vault/secret` as the
   * inventory spells it.
   */
  seeInventory?(snapshot: InventorySnapshot): ReadonlyMap<string, 'broken' | 'kept'>;
  /** Shown the looks at grants and setup of the ninety days before the period, ascending, before all others. */
  lookEarlier?(posture: Posture): void;
  /** Shown the looks at grants and setup, ascending, after the rows: first the last one before the period. */
  look?(posture: Posture): void;
  /** Every job of the period, before the rows. */
  job?(job: Job): void;
  /** Every receipt that was answered in the period, once, in order of their references, after the rows. */
  receipt?(receipt: AuditedReceipt): void;
  /**
   * What it saw of rows and receipts, as plain data; for a rule that sees any. The rule of the same name adds the data of
   * each share of a period, in order.
   */
  take?(): unknown;
  absorb?(share: never): void;
  findings(end: EndOfPeriod): readonly Finding[];
}

export type FindingRuleFactory = (context: FindingContext) => FindingObserver;
