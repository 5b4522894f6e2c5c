import { composeKeyturn } from '../../compose.ts';
import { retentionTools } from '../../composition/retention-tools.ts';
import { planRetention, type RetentionTools } from '../../retention/apply-retention.ts';
import { standingHolds } from '../../retention/holds.ts';
import { type RetentionKindName, retentionKindNames } from '../../retention/retention-kinds.ts';
import { readRetention } from '../../retention/retention-record.ts';
import type { UnitStanding } from '../../retention/retention-unit.ts';
import { formatDuration } from '../../secrets/duration.ts';
import type { Run, Runtime } from '../command.ts';
import type { retentionRow } from './retention-rows.ts';

/** Shows the rules, what was deleted, and what would be. */
export const retention: Run<typeof retentionRow> = async ({ values }, runtime) => {
  const ports = await composeKeyturn(runtime.environment, { now: runtime.now });
  const tools = await retentionTools(ports);
  await (values.plan ? printPlan(tools, values.json, runtime) : printRules(tools, values.json, runtime));
  return 0;
};

async function printPlan(tools: RetentionTools, json: boolean, { print }: Runtime): Promise<void> {
  let going = 0;
  for await (const { unit, standing } of planRetention(tools)) {
    const { kind, name, paths } = unit;
    if (standing.goes) going += paths.length;
    if (json) print(JSON.stringify({ kind, name, records: paths.length, ...standing }));
    else print(`${name}  ${counted(paths.length)} of ${kind}: ${describe(standing)}`);
  }
  if (!json) print(going === 0 ? 'The next pass deletes nothing.' : `The next pass deletes ${counted(going)}.`);
}

function describe(standing: UnitStanding): string {
  if (standing.goes) return `goes, kept for ${standing.rule}`;
  if (standing.because === 'held') return `stays: hold ${String(standing.hold)}`;
  if (standing.because === 'not-sealed') return 'stays: no final pack holds it and the 31 days after it';
  return 'stays: it is young enough';
}

interface Gone {
  records: number;
  to: string;
}

async function printRules({ records, rules }: RetentionTools, json: boolean, { print }: Runtime): Promise<void> {
  const entries = await readRetention(records);
  const outcomes = new Map(
    entries.flatMap(({ facts }) => (facts.act === 'deleted' ? [[facts.of, facts.records]] : [])),
  );
  const gone = new Map<RetentionKindName, Gone>();
  for (const { number, facts } of entries) {
    if (facts.act !== 'delete') continue;
    const known = gone.get(facts.kind) ?? { records: 0, to: '' };
    known.records += outcomes.get(number) ?? 0;
    if (facts.to > known.to) known.to = facts.to;
    gone.set(facts.kind, known);
  }
  for (const kind of retentionKindNames) {
    const keepMs = rules[kind];
    const { records: deleted, to } = gone.get(kind) ?? { records: 0, to: null };
    if (json) print(JSON.stringify({ kind, keep: keepMs === null ? null : formatDuration(keepMs), deleted, to }));
    else
      print(
        `${kind.padEnd(14)}${keepMs === null ? 'kept for ever' : `kept for ${formatDuration(keepMs)}`}${deletedText(deleted, to)}`,
      );
  }
  const { length } = standingHolds(entries);
  if (!json && length > 0)
    print(`${String(length)} ${length === 1 ? 'hold counts' : 'holds count'}: keyturn hold list.`);
}

function deletedText(records: number, to: string | null): string {
  return to === null ? '' : `; ${counted(records)} deleted, up to ${to.slice(0, 10)}`;
}

function counted(records: number): string {
  return `${String(records)} ${records === 1 ? 'record' : 'records'}`;
}
