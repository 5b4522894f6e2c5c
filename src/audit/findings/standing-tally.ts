import type { FindingRule } from '../model/finding.ts';
import { createFindingTally, type TalliedEvent } from './finding-tally.ts';

/**
 * Gathers exceptions that stand from the first look that shows them to the first later one that does not. A look at one
 * scope, such as a vault, ends only what an earlier look at that scope showed; what was not seen ends nothing.
 */
export function createStandingTally(rule: FindingRule) {
  const tally = createFindingTally(rule);
  const standing = new Map<string, { readonly scope: string; readonly subject: string; readonly key: string }>();
  return {
    look(scope: string, at: string, faults: readonly TalliedEvent[]): void {
      const shown = new Set<string>();
      for (const fault of faults) {
        const { subject, key = '' } = fault;
        tally.add(fault);
        standing.set(`${subject}\n${key}`, { scope, subject, key });
        shown.add(`${subject}\n${key}`);
      }
      for (const [name, { scope: of, subject, key }] of standing) {
        if (of !== scope || shown.has(name)) continue;
        tally.end(subject, key, { at, by: `the look of ${at}` });
        standing.delete(name);
      }
    },
    findings: () => tally.findings(),
  };
}
