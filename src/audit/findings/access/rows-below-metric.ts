import { hourMs } from '../../../secrets/duration.ts';
import { compareText } from '../../../provenance/compare-text.ts';
import { createHourCounts } from '../../period/hour-counts.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/**
 * Hours in which the vaults counted more requests than the log has rows. The metric takes another way than the log, so
 * that it is a second control total. Fewer requests than rows prove nothing: the metric leaves some out.
 */
export const rowsBelowMetric: FindingRuleFactory = ({ period }) => {
  const requests = new Map<string, Map<string, number>>();
  const rows = createHourCounts((hour, vault) => `${vault} ${hour}`);
  return {
    see({ at, vault }) {
      rows.see(at, vault);
      return undefined;
    },
    take: () => rows.take(),
    absorb(share: ReadonlyMap<string, number>) {
      for (const [key, count] of share) rows.add(key, count);
    },
    look({ vaults }) {
      for (const { vault, requests: seen } of vaults) {
        for (const { hour, count } of seen.outcome === 'seen' ? seen.value : []) {
          const hours = requests.get(vault) ?? new Map<string, number>();
          requests.set(vault, hours.set(hour, count));
        }
      }
    },
    findings({ settledTo, coverage }) {
      const tally = createFindingTally('rows-below-metric');
      const logged = rows.take();
      const read = new Set(coverage.filter(({ state }) => state !== 'not-read').map(({ hour }) => hour));
      for (const [vault, hours] of requests) {
        for (const [hour, count] of [...hours].sort(([a], [b]) => compareText(a, b))) {
          const at = Date.parse(hour);
          if (at < period.from.getTime() || at + hourMs > Math.min(period.to.getTime(), settledTo)) continue;
          const rowCount = logged.get(`${vault} ${hour}`) ?? 0;
          if (!read.has(hour) || count <= rowCount) continue;
          tally.add({
            subject: vault,
            severity: 'medium',
            at: new Date(at).toISOString(),
            evidence: `${hour} ${String(count)} requests, ${String(rowCount)} rows`,
            description: (tallied) =>
              `In ${counted(tallied.count, 'hour')} ${vault} counted more requests than its log has rows, first from ${tallied.firstAt}: rows may be lost.`,
          });
        }
      }
      return tally.findings();
    },
  };
};
