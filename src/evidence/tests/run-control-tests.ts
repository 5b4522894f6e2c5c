import type { AuditedEvent, SecretDay } from '../../audit/model/audited-period.ts';
import type { ControlTestFactory, Deviation, TestMaterial, TestOutcome } from './control-test.ts';
import { createTestTally } from './control-test.ts';
import { logTests } from './log-tests.ts';
import { eventTests, readTests } from './read-tests.ts';
import { rotationTests } from './rotation-tests.ts';
import { secretTests } from './secret-tests.ts';

/** Every test by the id that `templates/controls/observations.json` describes. A test compares the two. */
export const controlTests: Readonly<Record<string, ControlTestFactory>> = {
  ...readTests,
  ...eventTests,
  ...secretTests,
  ...rotationTests,
  ...logTests,
};

/** A deviation and the test that found it: one line of `deviations.ndjson`. */
export interface TestDeviation extends Deviation {
  readonly test: string;
}

/** The outcome of every test, by its id. */
export type TestOutcomes = ReadonlyMap<string, TestOutcome>;

/** Runs all tests while events and secrets pass, each once and in order. */
export function runControlTests(
  material: TestMaterial,
  report: (deviation: TestDeviation) => void,
): { event(event: AuditedEvent): void; secretDay(day: SecretDay): void; finish(): TestOutcomes } {
  const running = Object.entries(controlTests).map(([id, create]) => {
    const tally = createTestTally((deviation) => report({ test: id, ...deviation }));
    return { id, tally, test: create(material, tally) };
  });
  return {
    event(event) {
      for (const { test } of running) test.event?.(event);
    },
    secretDay(day) {
      for (const { test } of running) test.secretDay?.(day);
    },
    finish() {
      for (const { test } of running) test.finish?.();
      return new Map(running.map(({ id, tally }) => [id, tally.outcome()]));
    },
  };
}
