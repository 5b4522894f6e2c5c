import { toReal, toText, toTime } from './convert-value.ts';
import { formatTime, fromUnix, toDate } from './kusto-time.ts';
import { KustoSpan, KustoTime, type KustoValue, unsupported } from './kusto-value.ts';
import type { ScalarFunction } from './scalar-function.ts';

const day = 864_000_000_000n;

/** Time functions, and `bin`, which also rounds numbers down. */
export const timeFunctions: Readonly<Record<string, ScalarFunction | undefined>> = {
  now: ([offset = null], { now }) => shift(fromUnix(now), offset, 1n),
  ago: ([length = null], { now }) => shift(fromUnix(now), length, -1n),
  bin: ([value = null, size = null]) => bin(value, size),
  floor: ([value = null, size = null]) => bin(value, size),
  startofday: ([value = null]) => bin(value, new KustoSpan(day)),
  startofmonth: ([value = null]) => {
    const time = toTime(value);
    if (!time) return null;
    const date = toDate(time);
    return fromUnix(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1));
  },
  hourofday: ([value = null]) => {
    const time = toTime(value);
    return time ? toDate(time).getUTCHours() : null;
  },
  format_datetime: ([value = null, format = '']) => {
    const time = toTime(value);
    return time ? formatBy(time, toText(format)) : '';
  },
};

function shift(time: KustoTime, by: KustoValue, sign: bigint): KustoTime {
  return by instanceof KustoSpan ? new KustoTime(time.ticks + sign * by.ticks) : time;
}

function bin(value: KustoValue, size: KustoValue): KustoValue {
  if (value instanceof KustoTime && size instanceof KustoSpan) return new KustoTime(roundDown(value.ticks, size.ticks));
  if (value instanceof KustoSpan && size instanceof KustoSpan) return new KustoSpan(roundDown(value.ticks, size.ticks));
  const [number, step] = [toReal(value), toReal(size)];
  return number === null || step === null || step <= 0 ? null : Math.floor(number / step) * step;
}

function roundDown(ticks: bigint, size: bigint): bigint {
  const over = ticks % size;
  return ticks - (over < 0n ? over + size : over);
}

/** Only the parts and delimiters that Microsoft documents; a `T` between day and hour is not among them. */
function formatBy(time: KustoTime, format: string): string {
  const text = formatTime(time);
  const hours = Number(text.slice(11, 13));
  const parts: Readonly<Record<string, string>> = {
    yyyy: text.slice(0, 4),
    yy: text.slice(2, 4),
    MM: text.slice(5, 7),
    M: String(Number(text.slice(5, 7))),
    dd: text.slice(8, 10),
    d: String(Number(text.slice(8, 10))),
    HH: text.slice(11, 13),
    H: String(hours),
    hh: String(((hours + 11) % 12) + 1).padStart(2, '0'),
    h: String(((hours + 11) % 12) + 1),
    mm: text.slice(14, 16),
    m: String(Number(text.slice(14, 16))),
    ss: text.slice(17, 19),
    s: String(Number(text.slice(17, 19))),
    tt: hours < 12 ? 'AM' : 'PM',
  };
  return format.replaceAll(/([a-zA-Z])\1*|./gs, (run) => {
    const part = parts[run] ?? (/^f{1,7}$/.test(run) ? text.slice(20, 20 + run.length) : null);
    if (part !== null) return part;
    if (/^[ /\-:,._[\]]$/.test(run)) return run;
    throw unsupported(`'${run}' in the format of format_datetime()`);
  });
}
