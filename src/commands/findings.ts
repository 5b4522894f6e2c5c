import { appendFindingStep } from '../audit/findings/life/finding-record.ts';
import type { AuditedPeriod, ReportingPeriod } from '../audit/model/audited-period.ts';
import type { Finding } from '../audit/model/finding.ts';
import type { FindingStep } from '../audit/model/finding-life.ts';
import { textTable } from '../command-line/text-table.ts';
import type { Tone } from '../command-line/terminal-lines.ts';
import { composeKeyturn } from '../compose.ts';
import { auditCollected } from '../composition/report-period.ts';
import { parsePeriod } from '../evidence/period/parse-period.ts';
import { dayMs } from '../secrets/duration.ts';
import { ServiceError } from '../service-error.ts';
import type { Run, Runtime } from './command.ts';
import type { findingsRow } from './evidence-rows.ts';
import { required } from './required.ts';
import { whoAsks } from './who-asks.ts';

const usualDays = 90;
const kinds = { accept: 'accepted', respond: 'responded', withdraw: 'withdrawn' } as const;

/** Lists findings and records decisions on them. */
export const findings: Run<typeof findingsRow> = async ({ values, positionals }, runtime) => {
  const [action = 'list', id] = positionals;
  const { records, policy, settings, now } = await composeKeyturn(runtime.environment, { now: runtime.now });
  const period = periodOf(values.period, now());
  runtime.progress('Reading what was collected …');
  const audited = await auditCollected({ records, policy, settings, now }, period);
  if (!isDecision(action)) {
    if (id !== undefined) refuse('list takes no id');
    return list(audited, values.json, runtime);
  }
  const finding = required('findings', 'ID', id);
  if (!audited.findings.some((one) => one.id === finding))
    refuse(`the period has no finding ${finding}; name its period`);
  const step = await appendFindingStep(records, {
    finding,
    at: now().toISOString(),
    by: whoAsks(),
    kind: kinds[action],
    text: required('findings', '--reason', values.reason),
    until: untilOf(action, values.until, now()),
    owner: values.owner ?? null,
    due: values.due === undefined ? null : dayOf('--due', values.due),
    ticket: values.ticket ?? null,
  });
  runtime.print(values.json ? JSON.stringify(step) : `${finding}: ${describe(step)}.`);
  return 0;
};

function list({ findings: found, findingLives }: AuditedPeriod, json: boolean, { print }: Runtime): 0 {
  if (json) {
    for (const finding of found) print(JSON.stringify({ ...finding, life: findingLives.get(finding.id) ?? null }));
    return 0;
  }
  const [headings, ...lines] = textTable(
    ['id', 'severity', 'state', 'finding'],
    found.map(({ id, severity, description }) => [
      id,
      severity,
      findingLives.get(id)?.description ?? 'open',
      description,
    ]),
  );
  if (headings === undefined) print('The period has no findings.');
  else print(headings, 'step');
  for (const [index, line] of lines.entries()) print(line, tones[found[index]?.severity ?? 'low']);
  return 0;
}

const tones = { high: 'alarm', medium: 'attention', low: undefined, information: undefined } as const satisfies Record<
  Finding['severity'],
  Tone | undefined
>;

function isDecision(action: string): action is keyof typeof kinds {
  return Object.hasOwn(kinds, action);
}

function periodOf(text: string | undefined, now: Date): ReportingPeriod {
  return text === undefined ? { from: new Date(now.getTime() - usualDays * dayMs), to: now } : parsePeriod(text);
}

/** The end of the last day of an acceptance. Only an acceptance has one. */
function untilOf(action: keyof typeof kinds, until: string | undefined, now: Date): string | null {
  if (action !== 'accept') {
    if (until !== undefined) refuse(`--until belongs to accept, not to ${action}`);
    return null;
  }
  const end = new Date(Date.parse(`${dayOf('--until', required('findings', '--until', until))}T00:00:00Z`) + dayMs);
  if (end <= now) refuse('--until is over');
  return end.toISOString();
}

function dayOf(option: string, text: string): string {
  const day = new Date(`${text}T00:00:00Z`);
  if (/^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)) return text;
  return refuse(`${option} takes a day such as 2026-12-31`);
}

function describe({ kind, until }: FindingStep): string {
  return until === null
    ? `${kind}, and on record for the next pack`
    : `${kind} until ${until}, and on record for the next pack`;
}

/** @throws ServiceError `USAGE_WRONG`, always. */
function refuse(reason: string): never {
  throw new ServiceError('USAGE_WRONG', { command: 'findings', reason });
}
