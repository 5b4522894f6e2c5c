import { KustoSpan, KustoTime } from './kusto-value.ts';

const ticksOfMillisecond = 10_000n;
/** Ticks from the year 1 to 1970. */
const unixEpoch = 621_355_968_000_000_000n;

const spanUnits: Readonly<Record<string, bigint>> = {
  d: 864_000_000_000n,
  day: 864_000_000_000n,
  days: 864_000_000_000n,
  h: 36_000_000_000n,
  hour: 36_000_000_000n,
  hours: 36_000_000_000n,
  m: 600_000_000n,
  min: 600_000_000n,
  minute: 600_000_000n,
  minutes: 600_000_000n,
  s: 10_000_000n,
  sec: 10_000_000n,
  second: 10_000_000n,
  seconds: 10_000_000n,
  ms: 10_000n,
  milli: 10_000n,
  microsecond: 10n,
  tick: 1n,
};

/**
 * Parses ISO 8601 with up to seven fractional digits; without a zone it is UTC. Returns `null` if the text is not a
 * time.
 */
export function parseTime(text: string): KustoTime | null {
  const match =
    /^\s*(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,7}))?)?)?\s*(Z|[+-]\d{2}:\d{2})?\s*$/i.exec(text);
  if (!match) return null;
  const [, day = '', minute = '00:00', second = '00', fraction = '', zone = 'Z'] = match;
  const milliseconds = Date.parse(`${day}T${minute}:${second}${zone}`);
  if (Number.isNaN(milliseconds)) return null;
  return new KustoTime(fromUnix(milliseconds).ticks + BigInt(fraction.padEnd(7, '0')));
}

export function fromUnix(milliseconds: number): KustoTime {
  return new KustoTime(BigInt(Math.floor(milliseconds)) * ticksOfMillisecond + unixEpoch);
}

export function toDate(time: KustoTime): Date {
  return new Date(Number((time.ticks - unixEpoch) / ticksOfMillisecond));
}

/** ISO 8601 with seven fractional digits, like `tostring`. */
export function formatTime(time: KustoTime): string {
  const whole = toDate(time).toISOString().slice(0, 19);
  return `${whole}.${String(time.ticks % 10_000_000n).padStart(7, '0')}Z`;
}

/** In the query API's form of a datetime cell: without trailing zeros or a trailing point. */
export function formatTimeCell(time: KustoTime): string {
  return formatTime(time).replace(/\.?0+Z$/, 'Z');
}

/** `1h`, `2.5m`, `7d`, `time(1.02:03:04)`, `02:00:00`. `null` if the text is not a timespan. */
export function parseSpan(text: string): KustoSpan | null {
  const bare = text.replace(/^(?:time|timespan)\((.*)\)$/i, '$1').trim();
  const unit = /^(-?\d+(?:\.\d+)?)\s*([a-z]+)$/i.exec(bare);
  if (unit) {
    const ticks = spanUnits[(unit[2] ?? '').toLowerCase()];
    return ticks === undefined ? null : new KustoSpan(BigInt(Math.round(Number(unit[1]) * Number(ticks))));
  }
  const clock = /^(-)?(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?$/.exec(bare);
  if (!clock) return null;
  const [, sign, days = '0', hours = '0', minutes = '0', seconds = '0', fraction = ''] = clock;
  const whole = BigInt(days) * 86_400n + BigInt(hours) * 3600n + BigInt(minutes) * 60n + BigInt(seconds);
  const ticks = whole * 10_000_000n + BigInt(fraction.padEnd(7, '0'));
  return new KustoSpan(sign ? -ticks : ticks);
}

/** `[-][d.]hh:mm:ss[.fffffff]`. */
export function formatSpan(span: KustoSpan): string {
  const ticks = span.ticks < 0n ? -span.ticks : span.ticks;
  const seconds = ticks / 10_000_000n;
  const two = (part: bigint) => String(part).padStart(2, '0');
  const days = seconds / 86_400n;
  const fraction = ticks % 10_000_000n;
  return [
    span.ticks < 0n ? '-' : '',
    days > 0n ? `${days}.` : '',
    `${two((seconds / 3600n) % 24n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`,
    fraction > 0n ? `.${String(fraction).padStart(7, '0')}` : '',
  ].join('');
}
