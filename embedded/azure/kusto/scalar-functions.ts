import { createHash } from 'node:crypto';
import { toDynamic, toReal, toSpan, toText, toTime, toTruth, toWhole } from './convert-value.ts';
import { isJsonObject, type KustoDynamic, type KustoValue, sameValue } from './kusto-value.ts';
import type { ScalarFunction } from './scalar-function.ts';
import { timeFunctions } from './time-functions.ts';

const isEmpty = (value: KustoValue | undefined) => value === null || value === undefined || value === '';

/** Case with pairs of condition and value, and a last value for the rest. */
const choose: ScalarFunction = (values) => {
  for (let index = 0; index + 1 < values.length; index += 2) {
    if (values[index] === true) return values[index + 1] ?? null;
  }
  return values.length % 2 === 1 ? (values.at(-1) ?? null) : null;
};

const pack: ScalarFunction = (values) =>
  Object.fromEntries(
    values.flatMap((value, index) => (index % 2 === 0 ? [[toText(value), toDynamicCell(values[index + 1])]] : [])),
  );

/** Functions that the product's queries use, and closely related ones; any other name is refused. */
export const scalarFunctions: Readonly<Record<string, ScalarFunction | undefined>> = {
  ...timeFunctions,
  not: ([value = null]) => (typeof value === 'boolean' ? !value : null),
  iff: choose,
  iif: choose,
  case: choose,
  isempty: ([value]) => isEmpty(value),
  isnotempty: ([value]) => !isEmpty(value),
  isnull: ([value]) => value === null,
  isnotnull: ([value]) => value !== null,
  // Strings are never null, so an empty one counts as absent.
  coalesce: (values) =>
    values.find((value) => !isEmpty(value)) ?? (values.every((value) => value === null) ? null : ''),
  tostring: ([value = null]) => toText(value),
  toint: ([value = null]) => toWhole(value),
  tolong: ([value = null]) => toWhole(value),
  toreal: ([value = null]) => toReal(value),
  todouble: ([value = null]) => toReal(value),
  tobool: ([value = null]) => toTruth(value),
  todatetime: ([value = null]) => toTime(value),
  totimespan: ([value = null]) => toSpan(value),
  todynamic: ([value = null]) => toDynamic(value),
  parse_json: ([value = null]) => toDynamic(value),
  tolower: ([value = null]) => toText(value).toLowerCase(),
  toupper: ([value = null]) => toText(value).toUpperCase(),
  strcat: (values) => values.map(toText).join(''),
  strcat_delim: ([delimiter = '', ...values]) => values.map(toText).join(toText(delimiter)),
  strlen: ([value = null]) => Array.from(toText(value)).length,
  substring: ([value = null, start = 0, length = null]) => {
    const from = Math.max(0, toWhole(start) ?? 0);
    const most = toWhole(length);
    return toText(value).slice(from, most === null ? undefined : from + Math.max(0, most));
  },
  indexof: ([value = null, sought = '']) => toText(value).indexOf(toText(sought)),
  split: ([value = null, delimiter = '', index = null]) => {
    const parts = toText(value).split(toText(delimiter));
    const wanted = toWhole(index);
    if (wanted === null) return parts;
    const part = parts[wanted];
    return part === undefined ? [] : [part];
  },
  replace_string: ([value = null, sought = '', by = '']) => toText(value).replaceAll(toText(sought), toText(by)),
  extract: ([pattern = '', group = 0, value = null]) =>
    new RegExp(toText(pattern), 'u').exec(toText(value))?.[toWhole(group) ?? 0] ?? '',
  countof: ([value = null, sought = '', kind = 'normal']) => {
    const text = toText(value);
    if (toText(kind) === 'regex') return [...text.matchAll(new RegExp(toText(sought), 'gu'))].length;
    return toText(sought) === '' ? 0 : countOverlapping(text, toText(sought));
  },
  hash_sha256: ([value = null]) => createHash('sha256').update(toText(value)).digest('hex'),
  array_length: ([value = null]) => (Array.isArray(value) ? value.length : null),
  set_has_element: ([list = null, value = null]) =>
    Array.isArray(list) ? (list as readonly KustoValue[]).some((one) => sameValue(one, value)) : null,
  bag_pack: pack,
  pack,
  pack_array: (values) => values.map(toDynamicCell),
  bag_keys: ([value = null]) => (isJsonObject(value) && !Array.isArray(value) ? Object.keys(value) : null),
  abs: ([value = null]) => (typeof value === 'number' ? Math.abs(value) : null),
};

function toDynamicCell(value: KustoValue | undefined): KustoDynamic {
  return typeof value === 'string' ? value : toDynamic(value ?? null);
}

/** Plain occurrences may overlap, those of a regular expression may not, as in the real function. */
function countOverlapping(text: string, sought: string): number {
  let count = 0;
  for (let at = text.indexOf(sought); at >= 0; at = text.indexOf(sought, at + 1)) count += 1;
  return count;
}
