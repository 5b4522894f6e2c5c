import type { RotationHistory } from '../../rotation/history/rotation-history.ts';
import type { PolicyAt } from '../../secrets/policy-timeline.ts';
import type { AttributionContext } from '../attribution/rules/attribution-rule.ts';
import type { Attribution } from '../model/attribution.ts';
import type { HourCoverage, ReportingPeriod, SecretInventoryEntry } from '../model/audited-period.ts';
import type { Finding } from '../model/finding.ts';
import type { InventoriedSecret } from '../collection/inventory-ledger.ts';
import type { RefusedReceipts } from '../collection/receipt-room.ts';
import type { Retrieval } from '../model/retrieval.ts';

/** What rules know before the first row. */
export interface FindingContext {
  readonly period: ReportingPeriod;
  /** The policy that was in force at a moment. */
  readonly policyAt: PolicyAt;
  readonly rotations: readonly RotationHistory[];
  readonly attribution: AttributionContext;
  readonly refusedReceipts: readonly RefusedReceipts[];
}

/** What rules know after the last row. */
export interface EndOfPeriod {
  /** Rows up to here have arrived (milliseconds); later rows may still arrive. */
  readonly settledTo: number;
  /** The end of the period, or the time of the audit if that is earlier (milliseconds). */
  readonly asOf: number;
  readonly coverage: readonly HourCoverage[];
  readonly unreadable: readonly { readonly place: string; readonly reason: string }[];
  readonly inventory: readonly SecretInventoryEntry[];
  /** The inventory with its tags, before reads were counted. */
  readonly held: readonly InventoriedSecret[];
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
  findings(end: EndOfPeriod): readonly Finding[];
}

export type FindingRuleFactory = (context: FindingContext) => FindingObserver;

/** `vault/secret` of an event. */
export function subjectOf({ vault, secret }: Retrieval): string {
  return secret === null ? vault : `${vault}/${secret}`;
}

/**
 * The caller of an event in a form that a reader can look up: the person's name, or else the object id, or else the
 * application.
 */
export function callerOf({ identity }: Retrieval): string {
  return identity.userPrincipalName ?? identity.objectId ?? identity.applicationId ?? 'nobody named';
}
