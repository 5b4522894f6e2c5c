import type { AuditedEvent, AuditedPeriod, ReceiptRecord, SecretDay } from '../../audit/model/audited-period.ts';
import type { Job } from '../../audit/model/job.ts';
import type { ObservedMaterial } from '../../audit/model/observation.ts';
import type { ControlTestFactory, DeferredEvent, Deviation, TalliedTest, TestOutcome } from './control-test.ts';
import { createTestTally } from './control-test.ts';
import { brokerTests } from './broker-tests.ts';
import { logTests } from './log-tests.ts';
import { eventTests, readTests } from './read-tests.ts';
import { rotationTests } from './rotation-tests.ts';
import { setupTests } from './setup-tests.ts';
import { secretTests } from './secret-tests.ts';

/** Every test by the id that `templates/controls/observations.json` describes. A test compares the two. */
export const controlTests: Readonly<Record<string, ControlTestFactory>> = {
  ...readTests,
  ...eventTests,
  ...secretTests,
  ...rotationTests,
  ...brokerTests,
  ...logTests,
  ...setupTests,
};

/** A deviation and the test that found it: one line of `deviations.ndjson`. */
export interface TestDeviation extends Deviation {
  readonly test: string;
}

/** An event that one test judges at the end. */
export interface TestDeferral extends DeferredEvent {
  readonly test: string;
}

/** The outcome of every test, by its id. */
export type TestOutcomes = ReadonlyMap<string, TestOutcome>;

/** What all tests counted of a share of the events, by their ids: plain data. */
export type TalliedTests = ReadonlyMap<string, TalliedTest>;

/** Where deviations and deferred events go, because nobody holds all of them. */
export interface TestReports {
  deviation(deviation: TestDeviation): void;
  deferral(deferral: TestDeferral): void;
}

/** All tests, while events pass: those of a share, or those that add up all shares and see the end. */
export interface RunningTests {
  event(event: AuditedEvent): void;
  secretDay(day: SecretDay): void;
  job(job: Job): void;
  receipt(receipt: ReceiptRecord): void;
  take(): TalliedTests;
  /** Adds a later share of the events. */
  absorb(share: TalliedTests): void;
  finish(audited: AuditedPeriod): void;
  /** Each deferred event of all shares, in order, after `finish`. */
  deferred(deferral: TestDeferral): void;
  outcomes(): TestOutcomes;
}

/** Runs all tests while events pass, each once and in order. */
export function runControlTests(material: ObservedMaterial, reports: TestReports): RunningTests {
  const running = Object.entries(controlTests).map(([id, create]) => {
    const tally = createTestTally(
      (deviation) => reports.deviation({ test: id, ...deviation }),
      (event) => reports.deferral({ test: id, ...event }),
    );
    return { id, tally, test: create(material, tally) };
  });
  const byId = new Map(running.map((one) => [one.id, one]));
  return {
    event(event) {
      for (const { test } of running) test.event?.(event);
    },
    secretDay(day) {
      for (const { test } of running) test.secretDay?.(day);
    },
    job(job) {
      for (const { test } of running) test.job?.(job);
    },
    receipt(receipt) {
      for (const { test } of running) test.receipt?.(receipt);
    },
    take: () => new Map(running.map(({ id, tally }) => [id, tally.take()])),
    absorb(share) {
      for (const [id, tallied] of share) byId.get(id)?.tally.absorb(tallied);
    },
    finish(audited) {
      for (const { test } of running) test.finish?.(audited);
    },
    deferred: ({ test, ...event }) => byId.get(test)?.test.deferred?.(event),
    outcomes: () => new Map(running.map(({ id, tally }) => [id, tally.outcome()])),
  };
}
