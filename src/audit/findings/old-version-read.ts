import type { RotationHistory } from '../../rotation/history/rotation-history.ts';
import { callerName } from './finding-caller.ts';
import type { FindingRuleFactory } from './finding-rule.ts';
import { callerOf, subjectOf } from './finding-rule.ts';
import { counted, createFindingTally } from './finding-tally.ts';

/** From when on a version must not be read any more, in milliseconds, and what had ended by then. */
interface End {
  readonly at: number;
  readonly description: string;
}

/**
 * Reads of a version after its successor was published and the grace had passed: somebody still uses the old value. The grace is
 * the one that the rotation claimed, which is none in an emergency. Of a rotation that was rolled back the old value is in force
 * again, and the new version is the one that ends.
 */
export const oldVersionRead: FindingRuleFactory = ({ rotations, policy }) => {
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
      // Our own read of the old version, when a revocation is shown, is in the journal.
      if (attribution === null || attribution.grade === 'rotation' || version === null) return;
      const subject = subjectOf(retrieval);
      const end = endOf.get(`${subject}@${version}`);
      if (end === undefined || Date.parse(at) <= end.at) return;
      tally.add({
        subject,
        key: `${version} ${callerOf(retrieval)}`,
        severity: 'high',
        at,
        evidence: retrieval.id,
        description: ({ count }) =>
          `${counted(count, 'read')} of version ${version} of ${subject} by ${callerName(retrieval, policy)} ${end.description}.`,
      });
    },
    findings: () => tally.findings(),
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
