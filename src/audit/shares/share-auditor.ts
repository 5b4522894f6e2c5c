import type { RotationHistory } from '../../rotation/history/rotation-history.ts';
import type { GrantHistory } from '../../grants/history/grant-history.ts';
import type { BrokerHistory } from '../../broker/history/broker-history.ts';
import type { PolicyAt } from '../../secrets/policy-timeline.ts';
import { attributeRetrieval } from '../attribution/attribute-retrievals.ts';
import type { JobIndex } from '../attribution/job-index.ts';
import { indexBrokerReads } from '../attribution/broker-index.ts';
import { indexRotations } from '../attribution/rotation-index.ts';
import type { ReceiptClaims } from '../attribution/receipt-index.ts';
import type { AttributionContext } from '../attribution/rules/attribution-rule.ts';
import type { CanaryRead } from '../collection/canary-reader.ts';
import type { OwnRead } from '../model/own-read.ts';
import { findExceptions, type RuleShares } from '../findings/find-exceptions.ts';
import type { AuditedReceipt, FindingContext } from '../findings/finding-rule.ts';
import type { AuditedPeriod, ReportingPeriod } from '../model/audited-period.ts';
import type { EventObserver, Observation } from '../model/observation.ts';
import type { Retrieval } from '../model/retrieval.ts';
import type { KnownSecrets } from '../model/known-secrets.ts';
import { momentOf } from '../parsing/moment.ts';
import { createRowScanner } from '../parsing/row-scanner.ts';
import { platformApplications } from '../parsing/operation-kinds.ts';
import { countCoverage, type SeenHours } from '../period/hour-coverage.ts';
import { countInventory, type ReadsBySecret } from '../period/inventory-reads.ts';
import { type Excluded, excludeEvent } from '../period/excluded-row.ts';
import { parseDay, type StoredDay } from '../period/period-rows.ts';
import { classifyExclusion, type ExclusionReason, type PopulationRule } from '../period/population.ts';
import { createReadsOnRecord } from '../period/reads-on-record.ts';
import { collectValueSets, type ValueSets } from '../period/rotations-due.ts';
import { type CountedRows, createRowCounts } from '../period/row-counts.ts';
import { recordReceipt } from './record-receipt.ts';

/** What everybody who audits a share knows. */
export interface ShareSources {
  readonly period: ReportingPeriod;
  readonly policyAt: PolicyAt;
  /** Short names, lower-case. */
  readonly vaults: ReadonlySet<string>;
  readonly canaries: readonly CanaryRead[];
  readonly rotations: readonly RotationHistory[];
  readonly brokered: BrokerHistory;
  /** Requests of jobs for secrets that need a person's word. */
  readonly accessRequests: readonly GrantHistory[];
  readonly ownReads: readonly OwnRead[];
  readonly secrets: KnownSecrets;
  readonly bothLogs: ReportingPeriod | null;
  readonly isHarvested: AttributionContext['isHarvested'];
  /** Milliseconds. */
  readonly ledgerCompleteTo: number | null;
}

/** The jobs and receipts that a row may be tied to. */
export interface Evidence {
  /** Those that answer every question about a row of this moment (milliseconds). */
  at(moment: number): { readonly jobs: JobIndex; readonly receipts: ReceiptClaims };
  /** Notes that the log has a row with this id. `moment`: of the row. */
  match(correlationId: string, moment: number): void;
}

/** What one share of the rows came to: plain data. */
interface RowShare<Observed> {
  readonly counted: CountedRows;
  readonly hours: SeenHours;
  readonly reads: ReadsBySecret;
  readonly sets: ValueSets;
  readonly rules: RuleShares;
  readonly observed: Observed;
}

/** The same of a share of the receipts. */
interface ReceiptShare<Observed> extends Pick<RowShare<Observed>, 'rules' | 'observed'> {
  readonly counts: ReceiptCounts;
}

/** `matched`: of served values, with a row. `orphaned`: without one, although all rows have arrived. */
type ReceiptCounts = AuditedPeriod['receipts'];

/** One receipt, for whoever counts it. */
interface CountedReceipt extends AuditedReceipt {
  readonly also: readonly string[];
  /** Whether it is another receipt, told once more: it counts for its channel alone. */
  readonly isRepeated: boolean;
}

export interface ShareAuditor<Observed> {
  /** What the rules may ask at the moment of the row that was audited last. */
  readonly attribution: AttributionContext;
  /** Parses, grades and judges each row of the days once. `full`: what `Observation.full` said. */
  auditDays(days: Iterable<StoredDay>, full: ReadonlySet<string>): RowShare<Observed>;
  auditReceipts(receipts: Iterable<CountedReceipt>): ReceiptShare<Observed>;
}

/** Audits shares of a period, each on its own, so that they can be audited in any place and added up in order. */
export function createShareAuditor<Observed>(
  sources: ShareSources,
  evidence: Evidence,
  observe: Observation<Observed>['observe'],
): ShareAuditor<Observed> {
  const attribution = createContexts(sources, evidence);
  const context = findingContext(sources, attribution.current);
  const scanner = createRowScanner();
  return {
    attribution: attribution.current,
    auditDays(days, full) {
      const walk = startWalk(sources, observe(sources, full));
      const rules = findExceptions(context);
      for (const stored of days) {
        const day = parseDay(stored, scanner);
        walk.counted.see(day);
        for (const row of day.excluded) walk.exclude(row);
        for (const retrieval of day.retrievals) {
          const moment = momentOf(retrieval.at);
          if (retrieval.correlationId !== null) evidence.match(retrieval.correlationId, moment);
          auditRow(retrieval, attribution.at(moment), walk, rules);
        }
      }
      const { counted, coverage, inventory, sets, observer } = walk;
      const counts = {
        counted: counted.take(),
        hours: coverage.take(),
        reads: inventory.take(),
        sets: sets.take(),
      };
      return { ...counts, rules: rules.take(), observed: observer.take() };
    },
    auditReceipts(receipts) {
      const counts = { posted: 0, logged: 0, matched: 0, orphaned: 0 };
      const rules = findExceptions(context);
      const observer = observe(sources, nothing);
      for (const receipt of receipts) {
        counts[receipt.channel] += 1;
        if (receipt.isRepeated) continue;
        attribution.at(receipt.at);
        rules.receipt(receipt);
        observer.receipt(recordReceipt(receipt));
        if (receipt.matched === true && receipt.receipt.version !== null) counts.matched += 1;
        if (receipt.matched === false) counts.orphaned += 1;
      }
      return { rules: rules.take(), observed: observer.take(), counts };
    },
  };
}

const nothing: ReadonlySet<string> = new Set();

function startWalk<Observed>({ period, vaults, canaries, policyAt }: ShareSources, observer: EventObserver<Observed>) {
  const population: PopulationRule = {
    policyAt,
    vaults,
    canaries: new Set(canaries.map(({ correlationId }) => correlationId.toLowerCase())),
  };
  const counted = createRowCounts();
  return {
    population,
    observer,
    counted,
    /** Counts a row and shows it, so that the counts are those of the rows. */
    exclude: (row: Excluded): void => {
      counted.exclude(row);
      observer.excluded(row);
    },
    coverage: countCoverage(period, vaults, canaries, null),
    inventory: countInventory([], 0),
    sets: collectValueSets(),
  };
}

/** The exclusions whose rows are a population of their own. */
const populations: ReadonlySet<ExclusionReason> = new Set<ExclusionReason>([
  'a write',
  'refused',
  "a read of a staging secret by Keyturn's rotator",
]);

function auditRow(
  retrieval: Retrieval,
  context: AttributionContext,
  { population, observer, exclude, coverage, inventory, sets }: ReturnType<typeof startWalk>,
  rules: ReturnType<typeof findExceptions>,
): void {
  coverage.see(retrieval);
  const reason = classifyExclusion(retrieval, population);
  if (reason !== null) exclude(excludeEvent(reason, retrieval));
  if (reason === 'in a vault that is not in scope') return;
  const attribution = reason === null ? attributeRetrieval(retrieval, context) : null;
  if (attribution !== null) inventory.see(retrieval);
  sets.see(retrieval);
  const judgements = rules.see(retrieval, attribution);
  // Rows that contradict themselves are exceptions of the test of rows, whatever else they are.
  const isOdd = judgements.get('status-disagrees') === 'broken';
  if (reason === null || isOdd || populations.has(reason)) observer.event({ retrieval, attribution, judgements });
}

/** What the rules may ask, at the moment of the row in hand. */
function createContexts(sources: ShareSources, evidence: Evidence) {
  const { policyAt, rotations, brokered, ownReads, isHarvested, ledgerCompleteTo } = sources;
  const fixed = {
    policyAt,
    rotations: indexRotations(rotations, ownReads),
    broker: indexBrokerReads(brokered.reads),
    platformApplications,
    isHarvested,
    ledgerCompleteTo,
  };
  const contexts = new WeakMap<ReturnType<Evidence['at']>, AttributionContext>();
  let last: AttributionContext | null = null;
  const opened = (): AttributionContext => {
    last ??= at(sources.period.from.getTime());
    return last;
  };
  function at(moment: number): AttributionContext {
    const indexes = evidence.at(moment);
    let context = contexts.get(indexes);
    if (context === undefined) {
      context = { ...fixed, ...indexes };
      contexts.set(indexes, context);
    }
    last = context;
    return context;
  }
  const jobs: JobIndex = {
    get size() {
      return opened().jobs.size;
    },
    find: (numbers) => opened().jobs.find(numbers),
    running: (identity, moment, slackMs) => opened().jobs.running(identity, moment, slackMs),
  };
  const receipts: ReceiptClaims = { claims: (correlationId) => opened().receipts.claims(correlationId) };
  return { at, current: { ...fixed, jobs, receipts } };
}

/** What only the end of the period asks for is not known in a share. */
function findingContext(sources: ShareSources, attribution: AttributionContext): FindingContext {
  const { period, policyAt, rotations, brokered, accessRequests, secrets, bothLogs } = sources;
  const later = { refusedReceipts: [], earlierReads: createReadsOnRecord() };
  return { period, policyAt, rotations, brokered, accessRequests, secrets, bothLogs, attribution, ...later };
}
