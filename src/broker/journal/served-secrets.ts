import type { BrokerEntry } from './broker-entry.ts';

/**
 * The secrets that a session may have been given, `vault/name`, sorted, each once. One whose answer was lost counts: the
 * value may have reached the job.
 */
export function servedSecrets(entries: readonly BrokerEntry[]): readonly string[] {
  const failed = new Set(entries.flatMap(({ facts }) => (facts.act === 'failed' ? [facts.of] : [])));
  const served = entries.flatMap(({ number, facts }) =>
    facts.act === 'asked' && !failed.has(number) ? [`${facts.vault}/${facts.secret}`] : [],
  );
  return [...new Set(served)].toSorted();
}
