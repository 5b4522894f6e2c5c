import type { RotationHistory } from '../../rotation/history/rotation-history.ts';
import type { PolicyAt } from '../../secrets/policy-timeline.ts';
import type { WholeContext } from '../attribution/rules/attribution-rule.ts';
import type { Attribution } from '../model/attribution.ts';
import type {
  HourCoverage,
  InventorySnapshot,
  ReportingPeriod,
  SecretInventoryEntry,
} from '../model/audited-period.ts';
import type { Finding } from '../model/finding.ts';
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
  readonly secrets: KnownSecrets;
  readonly attribution: WholeContext;
  readonly refusedReceipts: readonly RefusedReceipts[];
  /** Reads before the period, as far as ninety days back from its end. */
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
}

/**
 * What a rule says of one event: it broke the rule, or it was held against it and kept it. Nothing if the rule has no
 * criterion for the event.
 */
type Judgement = 'broken' | 'kept' | undefined;

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
  /** Shown the looks at grants and setup, ascending, after the rows: first the last one before the period. */
  look?(posture: Posture): void;
  findings(end: EndOfPeriod): readonly Finding[];
}

/** Whether a look or a change lies in the period; rules are also shown the last look before it. */
export function isWithin({ from, to }: ReportingPeriod, at: string): boolean {
  return Date.parse(at) >= from.getTime() && Date.parse(at) < to.getTime();
}

export type FindingRuleFactory = (context: FindingContext) => FindingObserver;
