import { composeKeyturn } from '../../compose.ts';
import { parsePeriod } from '../../evidence/period/parse-period.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { type Hold, standingHolds } from '../../retention/holds.ts';
import type { RetentionEntry, RetentionFacts } from '../../retention/retention-entry.ts';
import { appendRetention, readRetention } from '../../retention/retention-record.ts';
import { ServiceError } from '../../service-error.ts';
import type { Run, Runtime } from '../command.ts';
import { required } from '../required.ts';
import { whoAsks } from '../who-asks.ts';
import type { holdRow } from './retention-rows.ts';

/** Lists holds, and begins or ends one. */
export const hold: Run<typeof holdRow> = async ({ values, positionals }, runtime) => {
  const [action = 'list', number] = positionals;
  if (action !== 'lift' && number !== undefined) refuse(`${action} takes no number`);
  if (action !== 'add' && values.period !== undefined) refuse(`--period belongs to add, not to ${action}`);
  if (action === 'list' && values.reason !== undefined) refuse('list takes no --reason');
  const facts = action === 'list' ? null : factsOf(action, number, values);
  const { records, now } = await composeKeyturn(runtime.environment, { now: runtime.now });
  if (facts === null) return list(standingHolds(await readRetention(records)), values.json, runtime);
  const entry = await append(records, now, facts);
  if (values.json) runtime.print(JSON.stringify(entry));
  else if (facts.act === 'lift') runtime.print(`Hold ${String(facts.of)} is lifted.`);
  else
    runtime.print(`Hold ${String(entry.number)} is on record: nothing ${spanOf(facts)} is deleted until it is lifted.`);
  return 0;
};

type HoldFacts = Extract<RetentionFacts, { readonly act: 'hold' | 'lift' }>;

function factsOf(
  action: string,
  number: string | undefined,
  values: { readonly reason?: string | undefined; readonly period?: string | undefined },
): HoldFacts {
  const reason = required('hold', '--reason', values.reason?.trim());
  if (action === 'lift') {
    const of = required('hold', 'NUMBER', number);
    if (!/^[1-9]\d{0,8}$/.test(of)) refuse('NUMBER is the number of a hold');
    return { act: 'lift', by: whoAsks(), reason, of: Number(of) };
  }
  const period = values.period === undefined ? null : parsePeriod(values.period);
  const [from, to] = [period?.from.toISOString() ?? null, period?.to.toISOString() ?? null];
  return { act: 'hold', by: whoAsks(), reason, from, to };
}

/** Decides anew where a pass has put something on record meanwhile. */
async function append(records: RecordStore, now: () => Date, facts: HoldFacts): Promise<RetentionEntry> {
  for (;;) {
    const entries = await readRetention(records);
    if (facts.act === 'lift' && !standingHolds(entries).some(({ number: one }) => one === facts.of))
      refuse(`there is no hold ${String(facts.of)}; keyturn hold list shows those that count`);
    const after = await appendRetention(records, entries, { at: now(), facts });
    const entry = after?.at(-1);
    if (entry !== undefined) return entry;
  }
}

function list(holds: readonly Hold[], json: boolean, { print }: Runtime): 0 {
  for (const one of holds) {
    const { number, at, by, reason, from, to } = one;
    if (json) print(JSON.stringify(one));
    else {
      const span = spanOf({ from: from?.toISOString() ?? null, to: to?.toISOString() ?? null });
      print(`${String(number)}  since ${at.slice(0, 10)}  ${span}  by ${by.name}: ${reason}`);
    }
  }
  if (!json && holds.length === 0) print('Nothing is held.');
  return 0;
}

function spanOf({ from, to }: { readonly from?: string | null; readonly to?: string | null }): string {
  return from == null || to == null ? 'of any time' : `of ${from.slice(0, 10)} to ${to.slice(0, 10)}`;
}

/** @throws ServiceError `USAGE_WRONG`, always. */
function refuse(reason: string): never {
  throw new ServiceError('USAGE_WRONG', { command: 'hold', reason });
}
