import type { RotationHistory } from '../../../rotation/history/rotation-history.ts';
import { callerName } from '../finding-caller.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { callerOf, subjectOf } from '../../model/retrieval-names.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/** The time from which a version must no longer be read, in milliseconds, and the reason. */
interface End {
  readonly at: number;
  readonly description: string;
}

/**
 * Reads of an old version after its grace: a consumer still uses the old value. The grace is the one recorded at the
 * rotation's start; an emergency rotation has none. After a roll-back the old value is in force again, and the new
 * version is the one that ends.
 */
export const oldVersionRead: FindingRuleFactory = ({ rotations, policyAt }) => {
  const tally = createFindingTally('old-version-read');
  const endOf = new Map<string, End>();
  for (const rotation of rotations) {
    const { vault, secret, fromVersion, publishedVersion, rolledBack } = rotation;
    const version = rolledBack === null ? fromVersion : publishedVersion;
    const end = endOfRotation(rotation);
    if (version !== null && end !== null) endOf.set(`${vault}/${secret}@${version}`.toLowerCase(), end);
  }
  return {
    see(retrieval, attribution) {
      const { version, at } = retrieval;
      // Keyturn's own read of the old version, to show a revocation, is in the journal.
      if (attribution === null || attribution.grade === 'rotation' || version === null) return;
      const subject = subjectOf(retrieval);
      const end = endOf.size === 0 ? undefined : endOf.get(`${subject}@${version}`);
      if (end === undefined || Date.parse(at) <= end.at) return 'kept';
      tally.add({
        subject,
        key: `${version} ${callerOf(retrieval)}`,
        severity: 'high',
        at,
        evidence: retrieval.id,
        description: ({ count }) =>
          `${counted(count, 'read')} of version ${version} of ${subject} by ${callerName(retrieval, policyAt(at))} ${end.description}.`,
      });
      return 'broken';
    },
    ...tally.observer,
  };
};

function endOfRotation({ publishedAt, graceMs, emergency, rolledBack }: RotationHistory): End | null {
  if (rolledBack !== null) {
    return { at: Date.parse(rolledBack.newEndsFrom), description: 'after its roll-back and the end of its grace' };
  }
  if (publishedAt === null) return null;
  const description = emergency ? 'after an emergency rotation replaced it without grace' : 'after its grace ended';
  return { at: Date.parse(publishedAt) + graceMs, description };
}
