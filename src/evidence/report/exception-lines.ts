import { compareText } from '../../provenance/compare-text.ts';
import type { Finding } from '../../audit/model/finding.ts';
import type { ExceptionLine, FrameworkSection } from './report-model.ts';
import { plainTimes, secondText, titleOf } from './wording.ts';

const order = ['high', 'medium', 'low', 'information'] as const satisfies readonly Finding['severity'][];

/** The most evidence ids printed with one exception; `findings.ndjson` contains all. */
const evidenceShown = 12;

/** Formats findings as report rows, worst first, each with the controls whose tests it affects. */
export function exceptionLines(
  findings: readonly Finding[],
  frameworks: readonly FrameworkSection[],
): readonly ExceptionLine[] {
  const controls = controlsByFinding(frameworks);
  return [...findings]
    .sort(
      (a, b) =>
        order.indexOf(a.severity) - order.indexOf(b.severity) ||
        compareText(a.firstAt, b.firstAt) ||
        compareText(a.id, b.id),
    )
    .map(({ id, rule, severity, subject, description, firstAt, lastAt, count, evidence }) => ({
      id,
      rule: titleOf(rule),
      severity,
      subject: plainTimes(subject),
      description: plainTimes(description),
      firstAt: secondText(firstAt),
      lastAt: secondText(lastAt),
      count,
      evidence: evidence.slice(0, evidenceShown),
      evidenceTotal: evidence.length,
      controls: controls.get(id) ?? [],
    }));
}

/** Counts the findings of each of the four severities. */
export function severityCounts(findings: readonly Finding[]): Readonly<Record<Finding['severity'], number>> {
  const of = (severity: Finding['severity']): number =>
    findings.filter((finding) => finding.severity === severity).length;
  return { high: of('high'), medium: of('medium'), low: of('low'), information: of('information') };
}

function controlsByFinding(frameworks: readonly FrameworkSection[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { controls } of frameworks) {
    for (const { id, tests } of controls) {
      for (const finding of new Set(tests.flatMap(({ observation }) => observation.findings))) {
        found.set(finding, [...(found.get(finding) ?? []), id]);
      }
    }
  }
  return found;
}
