import type { AuditedEvent, AuditedPeriod, ReceiptRecord, SecretDay } from '../../audit/model/audited-period.ts';
import type { Job } from '../../audit/model/job.ts';
import type { ObservedMaterial } from '../../audit/model/observation.ts';

/** One event of a population that breaks the criterion of a test. */
export interface Deviation {
  /** Id of the event: a read, a receipt, a rotation, an hour, `vault/secret@version day`. */
  readonly event: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly subject: string;
  readonly why: string;
}

/** What a test says of the events of its population, one call an event. */
export interface TestTally {
  keep(count?: number): void;
  deviate(deviation: Deviation): void;
  /** The event has no criterion; `why` completes "not tested: 12 reads …". */
  skip(why: string, count?: number): void;
  /** The event can be judged only after all others: it is shown again at the end. */
  defer(event: DeferredEvent): void;
  /** Deviations so far. */
  deviations(): number;
}

/** What is kept of an event that is judged at the end. */
export interface DeferredEvent {
  /** Id of the event. */
  readonly event: string;
  readonly at: string;
  readonly subject: string;
  readonly caller: string;
}

/**
 * One control test while the events of a period pass. A test sees events, secrets, jobs and receipts, and counts those of
 * its population; what is not an event it counts at the end. Events come in shares, each with a test and a tally of its
 * own; the end sees the tally of all.
 */
interface ControlTest {
  event?(event: AuditedEvent): void;
  secretDay?(day: SecretDay): void;
  job?(job: Job): void;
  receipt?(receipt: ReceiptRecord): void;
  finish?(audited: AuditedPeriod): void;
  /** Each event that was deferred, in order, after `finish`. */
  deferred?(event: DeferredEvent): void;
}

export type ControlTestFactory = (material: ObservedMaterial, tally: TestTally) => ControlTest;

/** The outcome of one test: `tested` and the counts of `untested` add up to the population. */
export interface TestOutcome {
  readonly population: number;
  readonly tested: number;
  readonly deviations: number;
  readonly untested: readonly { readonly count: number; readonly why: string }[];
  /** The first deviations; `deviations.ndjson` has all. */
  readonly shown: readonly Deviation[];
}

/** The most deviations that a report prints for one test. */
const mostShown = 25;

/** What a tally counted: plain data. */
export interface TalliedTest {
  readonly tested: number;
  readonly deviations: number;
  readonly untested: ReadonlyMap<string, number>;
  readonly shown: readonly Deviation[];
}

/** Counts the events of one test. Memory does not grow with their number. */
export function createTestTally(
  report: (deviation: Deviation) => void,
  defer: (event: DeferredEvent) => void,
): TestTally & {
  take(): TalliedTest;
  /** Adds a later share of the events, whose deviations are reported already. */
  absorb(share: TalliedTest): void;
  outcome(): TestOutcome;
} {
  const untested = new Map<string, number>();
  const shown: Deviation[] = [];
  let tested = 0;
  let deviations = 0;
  const skip = (why: string, count = 1) => {
    if (count > 0) untested.set(why, (untested.get(why) ?? 0) + count);
  };
  return {
    skip,
    defer,
    deviations: () => deviations,
    keep(count = 1) {
      tested += count;
    },
    deviate(deviation) {
      tested += 1;
      deviations += 1;
      if (shown.length < mostShown) shown.push(deviation);
      report(deviation);
    },
    take: () => ({ tested, deviations, untested, shown }),
    absorb(share) {
      tested += share.tested;
      deviations += share.deviations;
      for (const [why, count] of share.untested) skip(why, count);
      shown.push(...share.shown.slice(0, mostShown - shown.length));
    },
    outcome() {
      const rest = [...untested].map(([why, count]) => ({ why, count }));
      const population = rest.reduce((sum, { count }) => sum + count, tested);
      return { population, tested, deviations, untested: rest, shown };
    },
  };
}
