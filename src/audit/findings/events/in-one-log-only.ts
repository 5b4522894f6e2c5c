import { isWithin } from '../../model/calendar.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/** Rows that the workspace has and the archive has not, or the other way round: one of the two lost them. */
export const inOneLogOnly: FindingRuleFactory = ({ bothLogs }) => {
  const tally = createFindingTally('in-one-log-only');
  return {
    see({ at, vault, sources, id }) {
      if (bothLogs === null || !isWithin(bothLogs, at)) return undefined;
      const isArchived = sources.includes('archive');
      if (isArchived && sources.length > 1) return 'kept';
      const [has, lacks] = isArchived ? ['archive', 'workspace'] : ['workspace', 'archive'];
      tally.add({
        subject: vault,
        key: has,
        severity: 'medium',
        at,
        evidence: id,
        description: ({ count }) =>
          `${counted(count, 'row')} of ${vault} ${count === 1 ? 'is' : 'are'} in the ${has} of the log and not in the ${lacks}.`,
      });
      return 'broken';
    },
    ...tally.observer,
  };
};
