import { expect, it } from 'vitest';
import { summarizeTests } from '../../scripts/summarize-tests.mjs';

const skipped = (reason?: string) => ({
  status: 'skipped',
  meta: reason === undefined ? {} : { skippedBecause: reason },
});

it('the last lines of npm test count the skipped tests by reason, and end with the plain counts alone', () => {
  const report = {
    numPassedTests: 1,
    numFailedTests: 0,
    numPendingTests: 4,
    testResults: [
      { assertionResults: [{ status: 'passed', meta: {} }, skipped('python3 is not installed'), skipped()] },
      { assertionResults: [skipped('the published contracts are absent'), skipped('python3 is not installed')] },
    ],
  };
  expect(summarizeTests(report)).toEqual([
    'Skipped 2: python3 is not installed.',
    'Skipped 1: no reason is named.',
    'Skipped 1: the published contracts are absent.',
    '1 passed, 0 failed, 4 skipped',
  ]);
});
