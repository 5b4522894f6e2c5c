import type { Finding } from '../../audit/model/finding.ts';

/** What a comparison needs of a finding. */
export type ComparedFinding = Pick<Finding, 'id' | 'rule' | 'severity' | 'subject' | 'description' | 'ended'>;

/** How a finding stands to an earlier pack. `fixed`: one of its rule and subject lasted there, and none does now. */
export type SinceEarlier = 'new' | 'recurring' | 'fixed';

/** What changed between the findings of two packs. */
export interface FindingsComparison<Earlier> {
  /** Of each later finding, by its id. */
  readonly since: ReadonlyMap<string, SinceEarlier>;
  /** Earlier findings that had not ended, and of whose rule and subject the later pack has none: no end is on record. */
  readonly notSeenAgain: readonly Earlier[];
}

/**
 * Compares the findings of two packs by rule and subject: the id of a finding changes with its first event, and each
 * period has its own. Pure.
 */
export function compareFindings<Earlier extends ComparedFinding>(
  earlier: readonly Earlier[],
  later: readonly ComparedFinding[],
): FindingsComparison<Earlier> {
  const known = new Set(earlier.map(causeOf));
  const lastedBefore = new Set(earlier.filter(lasts).map(causeOf));
  const met = new Set(later.map(causeOf));
  const lastsNow = new Set(later.filter(lasts).map(causeOf));
  const sinceOf = (finding: ComparedFinding): SinceEarlier => {
    const cause = causeOf(finding);
    if (!known.has(cause)) return 'new';
    return lastedBefore.has(cause) && !lastsNow.has(cause) ? 'fixed' : 'recurring';
  };
  return {
    since: new Map(later.map((finding) => [finding.id, sinceOf(finding)])),
    notSeenAgain: earlier.filter((one) => lasts(one) && !met.has(causeOf(one))),
  };
}

function lasts({ ended }: ComparedFinding): boolean {
  return ended === null;
}

function causeOf({ rule, subject }: ComparedFinding): string {
  return `${rule}\n${subject}`;
}
