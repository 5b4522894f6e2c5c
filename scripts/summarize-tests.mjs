/**
 * @typedef {{ status: string, meta?: { skippedBecause?: string } }} TestResult
 * @typedef {{
 *   numPassedTests: number, numFailedTests: number, numPendingTests: number,
 *   testResults: readonly { assertionResults: readonly TestResult[] }[],
 * }} TestReport  What vitest's JSON reporter writes.
 */

/**
 * The last lines of a test run: how many tests were skipped for which reason (test/skip-unless.ts), then the plain counts
 * alone on the last line, for whatever reads logs. Runs on Node 20.
 * @param {TestReport} report
 * @returns {readonly string[]}
 */
export function summarizeTests({ numPassedTests, numFailedTests, numPendingTests, testResults }) {
  /** @type {Map<string, number>} */
  const reasons = new Map();
  for (const { status, meta } of testResults.flatMap(({ assertionResults }) => assertionResults)) {
    if (status !== 'skipped' && status !== 'pending') continue;
    const reason = meta?.skippedBecause ?? 'no reason is named';
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return [
    ...[...reasons].map(([reason, tests]) => `Skipped ${tests}: ${reason}.`),
    `${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`,
  ];
}
