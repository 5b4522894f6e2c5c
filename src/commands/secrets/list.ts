import { compareText } from '../../provenance/compare-text.ts';
import { dayMs } from '../../secrets/duration.ts';
import { healths, type ListedSecret } from '../../web/portal-ports.ts';
import type { Run } from '../command.ts';
import { knownNow } from './known-now.ts';
import type { listRow } from './secret-rows.ts';

const soonMs = 14 * dayMs;

/** Lists secrets, the most urgent first. */
export const list: Run<typeof listRow> = async ({ values }, runtime) => {
  const { known, facts } = await knownNow(runtime, { reads: true });
  const until = new Date(facts.now.getTime() + soonMs).toISOString();
  const shown = [...known.values()]
    .map(({ listed }) => listed)
    .filter(({ due }) => !values.due || (due !== null && due <= until))
    .filter(({ binding }) => !values.unbound || binding === 'not-bound')
    .sort(byUrgency);
  for (const one of shown) runtime.print(values.json ? JSON.stringify(one) : lineOf(one));
  if (!values.json && shown.length === 0) runtime.print('There is no such secret.');
  return 0;
};

/** What needs a person first, then what ends first; names decide the rest, so that the order stays. */
function byUrgency(one: ListedSecret, other: ListedSecret): number {
  const end = ({ due }: ListedSecret) => due ?? '9999';
  const key = ({ vault, secret }: ListedSecret) => `${vault}/${secret}`;
  return (
    healths.indexOf(one.health) - healths.indexOf(other.health) ||
    compareText(end(one), end(other)) ||
    compareText(key(one), key(other))
  );
}

function lineOf({ vault, secret, health, binding, issuer, due, lastRotatedAt, lastReadAt }: ListedSecret): string {
  const day = (at: string | null) => at?.slice(0, 10) ?? '-';
  const how = issuer ?? binding;
  return `${health.padEnd(19)} ${`${vault}/${secret}`.padEnd(48)} ${how.padEnd(20)} due ${day(due).padEnd(10)}  rotated ${day(lastRotatedAt).padEnd(10)}  read ${day(lastReadAt)}`;
}
