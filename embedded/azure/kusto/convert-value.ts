import { formatSpan, formatTime, parseSpan, parseTime } from './kusto-time.ts';
import { isJsonObject, type KustoDynamic, KustoSpan, KustoTime, type KustoValue } from './kusto-value.ts';

/** `tostring`: never null. */
export function toText(value: KustoValue): string {
  if (value === null) return '';
  if (value instanceof KustoTime) return formatTime(value);
  if (value instanceof KustoSpan) return formatSpan(value);
  return isJsonObject(value) ? JSON.stringify(value) : String(value);
}

/** `toreal`: null if the value is not a number. */
export function toReal(value: KustoValue): number | null {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'string' || value.trim() === '') return null;
  const number = Number(value);
  return Number.isNaN(number) ? null : number;
}

/** `toint`, `tolong`: fractions are truncated. */
export function toWhole(value: KustoValue): number | null {
  if (value instanceof KustoTime || value instanceof KustoSpan) return Number(value.ticks);
  const number = toReal(value);
  return number === null ? null : Math.trunc(number);
}

export function toTruth(value: KustoValue): boolean | null {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  if (typeof value !== 'string') return null;
  return { true: true, '1': true, false: false, '0': false }[value.toLowerCase()] ?? null;
}

export function toTime(value: KustoValue): KustoTime | null {
  if (value instanceof KustoTime) return value;
  return typeof value === 'string' ? parseTime(value) : null;
}

export function toSpan(value: KustoValue): KustoSpan | null {
  if (value instanceof KustoSpan) return value;
  return typeof value === 'string' ? parseSpan(value) : null;
}

/** `parse_json`: text that is not valid JSON stays a string. */
export function toDynamic(value: KustoValue): KustoDynamic {
  if (typeof value === 'string') {
    try {
      return JSON.parse(value) as KustoDynamic;
    } catch {
      return value;
    }
  }
  if (value instanceof KustoTime || value instanceof KustoSpan) return toText(value);
  return value;
}
