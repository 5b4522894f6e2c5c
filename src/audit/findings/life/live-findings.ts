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
  return new Map(findings.map((finding) => [finding.id, lifeOf(finding, findings, taken, asOf)]));
}

function lifeOf(
  finding: Finding,
  findings: readonly Finding[],
  taken: readonly FindingStep[],
  asOf: Date,
): FindingLife {
  const steps = taken.filter((step) => step.finding === finding.id);
  const newest = <Part>(of: (step: FindingStep) => Part | null): Part | null =>
    steps.map(of).findLast((part) => part !== null) ?? null;
  return {
    ...stateOf(finding, findings, steps, asOf),
    owner: newest(({ owner }) => owner),
    due: newest(({ due }) => due),
    ticket: newest(({ ticket }) => ticket),
    response: newest(({ kind, text }) => (kind === 'responded' ? text : null)),
    steps,
  };
}

function stateOf(
  finding: Finding,
  findings: readonly Finding[],
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
  const before = findings.find(
    (other) =>
      other.rule === finding.rule &&
      other.subject === finding.subject &&
      other.ended !== null &&
      other.ended.at <= firstAt,
  );
  if (before !== undefined) return { state: 'recurred', since: firstAt, description: `recurred after ${before.id}` };
  if (decision?.kind === 'withdrawn') {
    return { state: 'open', since: decision.at, description: 'open again: the acceptance was withdrawn' };
  }
  return { state: 'open', since: firstAt, description: 'open' };
}
