import { dayMs } from '../../secrets/duration.ts';
import type { ReportingPeriod } from '../../audit/model/audited-period.ts';
import { ServiceError } from '../../service-error.ts';

/**
 * Parses a reporting period: `2026-Q3`, `2026-07`, `2026` or `FROM..TO`. Half-open and in UTC: FROM and TO are dates
 * (both days included, so `2026-07-01..2026-07-31` is July) or times such as `2026-07-01T06:00:00Z` (TO excluded).
 * @throws ServiceError `PERIOD_MALFORMED`.
 */
export function parsePeriod(text: string): ReportingPeriod {
  const quarter = /^(\d{4})-Q([1-4])$/.exec(text);
  if (quarter !== null) return months(Number(quarter[1]), (Number(quarter[2]) - 1) * 3, 3);
  const month = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(text);
  if (month !== null) return months(Number(month[1]), Number(month[2]) - 1, 1);
  if (/^\d{4}$/.test(text)) return months(Number(text), 0, 12);
  const [first, last, ...rest] = text.split('..');
  const from = edge(first, 0);
  const to = edge(last, dayMs);
  if (rest.length > 0 || from === null || to === null || from >= to) {
    // The input may contain anything; the error shows it shortened and as JSON.
    throw new ServiceError('PERIOD_MALFORMED', { period: text.slice(0, 60) });
  }
  return { from, to };
}

/**
 * The shortest name of a period: `2026-Q3`, `2026-07`, `2026`, or else its first and last day,
 * `2026-10-23..2026-11-21`.
 */
export function periodLabel({ from, to }: ReportingPeriod): string {
  const year = from.getUTCFullYear();
  const month = from.getUTCMonth();
  for (const [length, label] of [
    [12, String(year)],
    [3, `${String(year)}-Q${String(month / 3 + 1)}`],
    [1, from.toISOString().slice(0, 7)],
  ] as const) {
    const whole = months(year, month, length);
    if (month % length === 0 && +whole.from === +from && +whole.to === +to) return label;
  }
  if (+from % dayMs === 0 && +to % dayMs === 0) {
    return `${from.toISOString().slice(0, 10)}..${new Date(+to - dayMs).toISOString().slice(0, 10)}`;
  }
  return `${secondText(from)}..${secondText(to)}`;
}

function months(year: number, month: number, length: number): ReportingPeriod {
  return { from: new Date(Date.UTC(year, month, 1)), to: new Date(Date.UTC(year, month + length, 1)) };
}

function edge(text: string | undefined, wholeDayMs: number): Date | null {
  if (text === undefined) return null;
  if (/^\d{4}-\d\d-\d\d$/.test(text)) {
    const date = new Date(`${text}T00:00:00Z`);
    // `Date` parses 31 February as 3 March, so the result must equal the input.
    return Number.isNaN(+date) || !date.toISOString().startsWith(text) ? null : new Date(+date + wholeDayMs);
  }
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/.test(text)) return null;
  const time = new Date(text);
  return Number.isNaN(+time) || !time.toISOString().startsWith(text.slice(0, 19)) ? null : time;
}

function secondText(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
