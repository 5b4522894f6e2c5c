import type { AuditedEvent, AuditedPeriod, SecretDay } from '../../audit/model/audited-period.ts';
import type { RotationHistory } from '../../rotation/history/rotation-history.ts';

/** One event of a population that breaks the criterion of a test. */
export interface Deviation {
  /** Id of the event: a read, a receipt, a rotation, an hour, `vault/secret@version day`. */
  readonly event: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly subject: string;
  readonly why: string;
}

/** Everything that tests are run on. */
export interface TestMaterial {
  readonly audited: AuditedPeriod;
  readonly rotations: readonly RotationHistory[];
}

/** What a test says of the events of its population, one call an event. */
export interface TestTally {
  keep(count?: number): void;
  deviate(deviation: Deviation): void;
  /** The event has no criterion; `why` completes "not tested: 12 reads …". */
  skip(why: string, count?: number): void;
}

/**
 * One control test while the events of a period pass. A test sees events and secrets, and counts those of its population;
 * what is not an event of the log it counts at the end. `null` in place of a criterion: nothing can be tested.
 */
interface ControlTest {
  event?(event: AuditedEvent): void;
  secretDay?(day: SecretDay): void;
  finish?(): void;
}

export type ControlTestFactory = (material: TestMaterial, tally: TestTally) => ControlTest;

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

/** Counts the events of one test. Memory does not grow with their number. */
export function createTestTally(report: (deviation: Deviation) => void): TestTally & { outcome(): TestOutcome } {
  const untested = new Map<string, number>();
  const shown: Deviation[] = [];
  let tested = 0;
  let deviations = 0;
  return {
    keep(count = 1) {
      tested += count;
    },
    deviate(deviation) {
      tested += 1;
      deviations += 1;
      if (shown.length < mostShown) shown.push(deviation);
      report(deviation);
    },
    skip(why, count = 1) {
      if (count > 0) untested.set(why, (untested.get(why) ?? 0) + count);
    },
    outcome() {
      const rest = [...untested].map(([why, count]) => ({ why, count }));
      const population = rest.reduce((sum, { count }) => sum + count, tested);
      return { population, tested, deviations, untested: rest, shown };
    },
  };
}
