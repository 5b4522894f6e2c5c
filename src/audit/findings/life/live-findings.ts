import { personOnRecord } from '../../../provenance/person.ts';
import type { Finding } from '../../model/finding.ts';
import type { FindingLife, FindingStep } from '../../model/finding-life.ts';

/**
 * Where each finding stands at a moment, by its id. An end beats an acceptance, and an acceptance ends by itself.
 * `steps`: those of all findings, oldest first; later ones than `asOf` do not count.
 */
export function liveFindings(
  findings: readonly Finding[],
  steps: readonly FindingStep[],
  asOf: Date,
): ReadonlyMap<string, FindingLife> {
  const taken = steps.filter(({ at }) => Date.parse(at) <= asOf.getTime());
  const ofFinding = Map.groupBy(taken, ({ finding }) => finding);
  const ended = Map.groupBy(
    findings.filter((one) => one.ended !== null),
    aboutOf,
  );
  return new Map(
    findings.map((finding) => {
      const before = ended.get(aboutOf(finding)) ?? [];
      return [finding.id, lifeOf(finding, before, ofFinding.get(finding.id) ?? [], asOf)];
    }),
  );
}

/** What makes a finding the same one again. */
function aboutOf({ rule, subject }: Finding): string {
  return `${rule}\n${subject}`;
}

/** `before`: findings about the same that ended. `steps`: those of the finding. */

function lifeOf(finding: Finding, before: readonly Finding[], steps: readonly FindingStep[], asOf: Date): FindingLife {
  const newest = <Part>(of: (step: FindingStep) => Part | null): Part | null =>
    steps.map(of).findLast((part) => part !== null) ?? null;
  return {
    ...stateOf(finding, before, steps, asOf),
    owner: newest(({ owner }) => owner),
    due: newest(({ due }) => due),
    ticket: newest(({ ticket }) => ticket),
    response: newest(({ kind, text }) => (kind === 'responded' ? text : null)),
    steps,
  };
}

function stateOf(
  finding: Finding,
  before: readonly Finding[],
  steps: readonly FindingStep[],
  asOf: Date,
): Pick<FindingLife, 'state' | 'since' | 'description'> {
  const { ended, firstAt } = finding;
  if (ended !== null) return { state: 'fixed', since: ended.at, description: `fixed by ${ended.by}` };
  const decision = steps.findLast(({ kind }) => kind !== 'responded');
  if (decision?.kind === 'accepted' && decision.until !== null) {
    const { by, until, text, at } = decision;
    if (Date.parse(until) > asOf.getTime()) {
      return { state: 'accepted', since: at, description: `accepted by ${personOnRecord(by)} until ${until}: ${text}` };
    }
    return { state: 'open', since: until, description: `open again: the acceptance ended on ${until}` };
  }
  const last = before.find((other) => other.ended !== null && other.ended.at <= firstAt);
  if (last !== undefined) return { state: 'recurred', since: firstAt, description: `recurred after ${last.id}` };
  if (decision?.kind === 'withdrawn') {
    return { state: 'open', since: decision.at, description: 'open again: the acceptance was withdrawn' };
  }
  return { state: 'open', since: firstAt, description: 'open' };
}
