import type { RotationHistory } from '../../rotation/history/rotation-history.ts';
import type { GrantHistory } from '../../grants/history/grant-history.ts';
import type { BrokerHistory, BrokerRead } from '../../broker/history/broker-history.ts';
import type { PolicyAt } from '../../secrets/policy-timeline.ts';
import { attributeRetrieval, passOver } from '../attribution/attribute-retrievals.ts';
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
  /** The broker's reads from an hour before the period to an hour after it: clocks differ. */
  readonly brokerReads: readonly BrokerRead[];
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
  /** Notes that the log has a read with this id. `moment`: of its row. */
  match(correlationId: string, moment: number): void;
}

/** What the rows of neighbouring shares came to: plain data. */
export interface CountedShares {
  readonly counted: CountedRows;
  readonly hours: SeenHours;
  readonly reads: ReadsBySecret;
  readonly sets: ValueSets;
  readonly rules: RuleShares;
}

/** The same of a share of the receipts. */
interface ReceiptShare<Observed> extends Pick<CountedShares, 'rules'> {
  readonly observed: Observed;
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
  /**
   * Takes note of the rows before the period: what explains one of them explains none of the period. To be called before
   * `auditDays`.
   */
  passOverDays(days: Iterable<StoredDay>): void;
  /** Parses, grades and judges each row of the days once. Returns what was observed. `full`: what `Observation.full` said. */
  auditDays(days: Iterable<StoredDay>, full: ReadonlySet<string>): Observed;
  /** What all rows since the last call came to. */
  takeRows(): CountedShares;
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
  let counters = startCounting(sources, context);
  return {
    attribution: attribution.current,
    passOverDays(days) {
      const population = populationRule(sources);
      for (const stored of days) {
        for (const retrieval of parseDay(stored, scanner).retrievals) {
          const reason = classifyExclusion(retrieval, population);
          if (reason === null || requests.has(reason)) passOver(retrieval, attribution.current);
        }
      }
    },
    auditDays(days, full) {
      const walk = startWalk(counters, observe(sources, full));
      for (const stored of days) {
        const day = parseDay(stored, scanner);
        walk.counted.see(day);
        for (const row of day.excluded) walk.exclude(row);
        for (const retrieval of day.retrievals) {
          const moment = momentOf(retrieval.at);
          // A row that was refused shows no read, whatever a receipt says of it.
          if (retrieval.kind === 'read' && retrieval.correlationId !== null)
            evidence.match(retrieval.correlationId, moment);
          auditRow(retrieval, attribution.at(moment), walk);
        }
      }
      return walk.observer.take();
    },
    takeRows() {
      const { counted, coverage, inventory, sets, rules } = counters;
      counters = startCounting(sources, context);
      return {
        counted: counted.take(),
        hours: coverage.take(),
        reads: inventory.take(),
        sets: sets.take(),
        rules: rules.take(),
      };
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

/** What counts and judges rows, over some shares. */
function startCounting(sources: ShareSources, context: FindingContext) {
  const { period, vaults, canaries } = sources;
  return {
    population: populationRule(sources),
    counted: createRowCounts(),
    coverage: countCoverage(period, vaults, canaries, null),
    inventory: countInventory([], 0),
    sets: collectValueSets(),
    rules: findExceptions(context),
  };
}

function populationRule({ policyAt, vaults, canaries }: ShareSources): PopulationRule {
  return { policyAt, vaults, canaries: new Set(canaries.map(({ correlationId }) => correlationId.toLowerCase())) };
}

function startWalk<Observed>(counters: ReturnType<typeof startCounting>, observer: EventObserver<Observed>) {
  return {
    ...counters,
    observer,
    /** Counts a row and shows it, so that the counts are those of the rows. */
    exclude: (row: Excluded): void => {
      counters.counted.exclude(row);
      observer.excluded(row);
    },
  };
}

/** The exclusions whose rows are a population of their own. */
const populations: ReadonlySet<ExclusionReason> = new Set<ExclusionReason>([
  'a write',
  'refused',
  "a read of a staging secret by Keyturn's rotator",
]);

/** The exclusions of requests for a value that our identity may have made. */
const requests: ReadonlySet<ExclusionReason> = new Set<ExclusionReason>([
  'refused',
  'not found',
  'failed',
  "a read of a staging secret by Keyturn's rotator",
]);

function auditRow(
  retrieval: Retrieval,
  context: AttributionContext,
  { population, observer, exclude, coverage, inventory, sets, rules }: ReturnType<typeof startWalk>,
): void {
  coverage.see(retrieval);
  const reason = classifyExclusion(retrieval, population);
  if (reason !== null) exclude(excludeEvent(reason, retrieval));
  if (reason === 'in a vault that is not in scope') return;
  const attribution = reason === null ? attributeRetrieval(retrieval, context) : null;
  if (reason !== null && requests.has(reason)) passOver(retrieval, context);
  if (attribution !== null) inventory.see(retrieval);
  sets.see(retrieval);
  const judgements = rules.see(retrieval, attribution);
  // Rows that contradict themselves are exceptions of the test of rows, whatever else they are.
  const isOdd = judgements.get('status-disagrees') === 'broken';
  if (reason === null || isOdd || populations.has(reason)) observer.event({ retrieval, attribution, judgements });
}

/** What the rules may ask, at the moment of the row in hand. */
function createContexts(sources: ShareSources, evidence: Evidence) {
  const { policyAt, rotations, brokerReads, ownReads, isHarvested, ledgerCompleteTo } = sources;
  const fixed = {
    policyAt,
    rotations: indexRotations(rotations, ownReads),
    broker: indexBrokerReads(brokerReads),
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
