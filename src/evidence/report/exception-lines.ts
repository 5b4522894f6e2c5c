import { compareText } from '../../provenance/compare-text.ts';
import type { AuditedPeriod } from '../../audit/model/audited-period.ts';
import type { FindingLife } from '../../audit/model/finding-life.ts';
import type { Finding, FindingRule } from '../../audit/model/finding.ts';
import type { SinceEarlier } from './compare-findings.ts';
import { isAboutProduction, productionSecrets } from './production-secrets.ts';
import type { ExceptionLine, FrameworkSection, MatrixLine } from './report-model.ts';
import { counted, countText, plainTimes, secondText, titleOf } from './wording.ts';

const order = ['high', 'medium', 'low', 'information'] as const satisfies readonly Finding['severity'][];

/**
 * Rules in order of the risk that they speak of, within one severity: forged evidence and strangers, persons, reads and
 * changes that nothing explains; all others follow.
 */
const risks: readonly FindingRule[] = [
  'contradicted-read',
  'unknown-identity-read',
  'rotation-unexplained',
  'broker-unexplained',
  'second-broker-key',
  'staging-read',
  'read-outside-namespace',
  'read-by-person',
  'unattributed-read',
  'claimed-read',
  'duplicate-receipt',
  'denied-burst',
  'sensitive-operation',
  'unexplained-write',
];

/** The most evidence ids printed with one exception; `findings.ndjson` contains all. */
const evidenceShown = 6;

/**
 * Formats findings as report rows: worst first, then by risk, production before other environments, newest first; each
 * with the controls whose tests it affects. `since`: how each stands to the previous pack; `null` if there is none.
 */
export function exceptionLines(
  findings: readonly Finding[],
  frameworks: readonly FrameworkSection[],
  { inventory, findingLives }: Pick<AuditedPeriod, 'inventory' | 'findingLives'>,
  since: ReadonlyMap<string, SinceEarlier> | null,
): readonly ExceptionLine[] {
  const controls = controlsByFinding(frameworks);
  const production = productionSecrets(inventory);
  const elsewhere = new Map(
    findings.map((one) => [
      one,
      isAboutProduction(one.subject, production) || isAboutProduction(one.description, production) ? 0 : 1,
    ]),
  );
  // A sort compares each finding with many others.
  const isElsewhere = (finding: Finding): number => elsewhere.get(finding) ?? 1;
  return [...findings]
    .sort(
      (a, b) =>
        order.indexOf(a.severity) - order.indexOf(b.severity) ||
        riskOf(a.rule) - riskOf(b.rule) ||
        isElsewhere(a) - isElsewhere(b) ||
        compareText(b.lastAt, a.lastAt) ||
        compareText(a.id, b.id),
    )
    .map(({ id, rule, severity, subject, description, firstAt, lastAt, count, evidence, ended }) => ({
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
      ended: ended === null ? null : `${secondText(ended.at)} UTC, ${ended.by}`,
      standing: plainTimes(findingLives.get(id)?.description ?? 'open'),
      life: shortLife(findingLives.get(id)),
      since: since?.get(id) ?? null,
      followUp: followUpText(findingLives.get(id)),
      controls: controls.get(id) ?? [],
    }));
}

function shortLife(life: FindingLife | undefined): ExceptionLine['life'] {
  return { state: life?.state ?? 'open', due: life?.due ?? null, response: life?.response ?? null };
}

function followUpText(life: FindingLife | undefined): string {
  const parts = [
    ['owner', life?.owner],
    ['due', life?.due],
    ['ticket', life?.ticket],
    ['response', life?.response],
  ] as const;
  return parts.flatMap(([name, text]) => (text == null ? [] : [`${name}: ${text}`])).join('; ');
}

function riskOf(rule: FindingRule): number {
  const index = risks.indexOf(rule);
  return index === -1 ? risks.length : index;
}

/** Counts the findings of each of the four severities. */
export function severityCounts(findings: readonly Finding[]): Readonly<Record<Finding['severity'], number>> {
  const of = (severity: Finding['severity']): number =>
    findings.filter((finding) => finding.severity === severity).length;
  return { high: of('high'), medium: of('medium'), low: of('low'), information: of('information') };
}

/** The most tests named beside the exceptions; the control matrix has all. */
const testsNamed = 4;

/**
 * The tests whose deviations are in no exception; most deviations first. Every test has a rule, so there are none; if a rule
 * misses one all the same, the report says so and hides nothing. Without the test of decisions, whose events are the
 * exceptions themselves. `null` if there are none.
 */
export function deviationsElsewhere(matrix: readonly MatrixLine[]): string | null {
  const tests = matrix
    .map(({ test }) => test)
    .filter(({ id, exceptions, findings }) => exceptions > 0 && findings.length === 0 && id !== 'findings-decided');
  if (tests.length === 0) return null;
  const named = tests.slice(0, testsNamed).map(({ title, exceptions }) => `${title} (${countText(exceptions)})`);
  const more = tests.length > named.length ? `; ${countText(tests.length - named.length)} more` : '';
  return `Deviations of ${counted(tests.length, 'test')} are in the control matrix alone: ${named.join('; ')}${more}.`;
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
