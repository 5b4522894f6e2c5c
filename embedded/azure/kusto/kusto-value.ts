/** A moment in units of 100 nanoseconds since 1 January of the year 1. */
export class KustoTime {
  readonly ticks: bigint;

  constructor(ticks: bigint) {
    this.ticks = ticks;
  }
}

/** A timespan in units of 100 nanoseconds. */
export class KustoSpan {
  readonly ticks: bigint;

  constructor(ticks: bigint) {
    this.ticks = ticks;
  }
}

/** The content of a `dynamic` cell: JSON. */
export type KustoDynamic =
  | null
  | boolean
  | number
  | string
  | readonly KustoDynamic[]
  | { readonly [name: string]: KustoDynamic };

/** A cell. Strings are never null in Kusto: an absent one is empty. `long` beyond 2^53 is not needed here. */
export type KustoValue = KustoDynamic | KustoTime | KustoSpan;

export interface KustoColumn {
  readonly name: string;
  /** `string`, `int`, `long`, `real`, `bool`, `datetime`, `timespan`, `guid`, `decimal` or `dynamic`. */
  readonly type: string;
}

/** Rows are aligned with the columns. */
export interface KustoTable {
  readonly columns: readonly KustoColumn[];
  readonly rows: readonly (readonly KustoValue[])[];
}

/** A query that cannot be answered, with the message. `kind` is the real service's name for the fault. */
export class KustoRefusal extends Error {
  readonly kind: 'SyntaxError' | 'SemanticError';

  constructor(kind: KustoRefusal['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Refuses a part of the language that this evaluator does not know, by name; never guesses. */
export function unsupported(what: string): KustoRefusal {
  return new KustoRefusal('SemanticError', `${what} is not supported by the embedded Log Analytics`);
}

/** The cell of an absent value: strings are empty, all others null. */
export function absent(type: string): KustoValue {
  return type === 'string' ? '' : null;
}

/** Compares two non-null values of one type. Strings are compared by code units, as in Kusto. */
export function compareValues(one: KustoValue, other: KustoValue): number {
  const [left, right] = [comparable(one), comparable(other)];
  if (left < right) return -1;
  return left > right ? 1 : 0;
}

export function sameValue(one: KustoValue, other: KustoValue): boolean {
  if (isJsonObject(one) || isJsonObject(other)) return JSON.stringify(one) === JSON.stringify(other);
  return comparable(one) === comparable(other);
}

/** A key text that is equal exactly for equal values, for grouping and joining. */
export function keyOf(values: readonly KustoValue[]): string {
  return JSON.stringify(
    values.map((value) =>
      value instanceof KustoTime || value instanceof KustoSpan ? [value.constructor.name, String(value.ticks)] : value,
    ),
  );
}

export function isJsonObject(
  value: KustoValue,
): value is readonly KustoDynamic[] | { readonly [name: string]: KustoDynamic } {
  return typeof value === 'object' && value !== null && !(value instanceof KustoTime) && !(value instanceof KustoSpan);
}

function comparable(value: KustoValue): bigint | number | string {
  if (value instanceof KustoTime || value instanceof KustoSpan) return value.ticks;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'number' || typeof value === 'string') return value;
  return JSON.stringify(value);
}
