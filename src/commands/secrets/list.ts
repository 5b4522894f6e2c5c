import { textTable } from '../../command-line/text-table.ts';
import { compareText } from '../../provenance/compare-text.ts';
import { dayMs } from '../../secrets/duration.ts';
import { healths, type ListedSecret } from '../../web/portal-ports.ts';
import type { Run, Runtime } from '../command.ts';
import { healthWords } from './health-words.ts';
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
  if (values.json) for (const one of shown) runtime.print(JSON.stringify(one));
  else if (shown.length === 0) runtime.print('There is no such secret.');
  else printTable(shown, runtime);
  return 0;
};

function printTable(shown: readonly ListedSecret[], { print }: Runtime): void {
  const [headings = '', ...lines] = textTable(
    ['state', 'secret', 'issuer or policy', 'due', 'rotated', 'last read'],
    shown.map(cellsOf),
  );
  print(headings, 'step');
  for (const [index, line] of lines.entries()) {
    const health = shown[index]?.health ?? 'good';
    print(line, healths.indexOf(health) <= healths.indexOf('no-end') ? 'attention' : undefined);
  }
}

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

function cellsOf({ vault, secret, health, binding, issuer, due, lastRotatedAt, lastReadAt }: ListedSecret): string[] {
  const day = (at: string | null) => at?.slice(0, 10) ?? '-';
  return [
    healthWords[health],
    `${vault}/${secret}`,
    issuer ?? words(binding),
    day(due),
    day(lastRotatedAt),
    day(lastReadAt),
  ];
}

/** An identifier of JSON for people: `not-bound` is `not bound`. */
function words(identifier: string): string {
  return identifier.replaceAll('-', ' ');
}
