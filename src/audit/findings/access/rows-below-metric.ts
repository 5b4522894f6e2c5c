import { hourMs } from '../../../secrets/duration.ts';
import { compareText } from '../../../provenance/compare-text.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/**
 * Hours in which the vaults counted more requests than the log has rows. The metric takes another way than the log, so
 * that it is a second control total. Fewer requests than rows prove nothing: the metric leaves some out.
 */
export const rowsBelowMetric: FindingRuleFactory = ({ period }) => {
  const requests = new Map<string, Map<string, number>>();
  const rows = new Map<string, number>();
  return {
    see({ at, vault }) {
      const key = `${vault} ${at.slice(0, 13)}:00:00Z`;
      rows.set(key, (rows.get(key) ?? 0) + 1);
      return undefined;
    },
    take: () => rows,
    absorb(share: typeof rows) {
      for (const [key, count] of share) rows.set(key, (rows.get(key) ?? 0) + count);
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
      const read = new Set(coverage.filter(({ state }) => state !== 'not-read').map(({ hour }) => hour));
      for (const [vault, hours] of requests) {
        for (const [hour, count] of [...hours].sort(([a], [b]) => compareText(a, b))) {
          const at = Date.parse(hour);
          if (at < period.from.getTime() || at + hourMs > Math.min(period.to.getTime(), settledTo)) continue;
          const logged = rows.get(`${vault} ${hour}`) ?? 0;
          if (!read.has(hour) || count <= logged) continue;
          tally.add({
            subject: vault,
            severity: 'medium',
            at: new Date(at).toISOString(),
            evidence: `${hour} ${String(count)} requests, ${String(logged)} rows`,
            description: (tallied) =>
              `In ${counted(tallied.count, 'hour')} ${vault} counted more requests than its log has rows, first from ${tallied.firstAt}: rows may be lost.`,
          });
        }
      }
      return tally.findings();
    },
  };
};
