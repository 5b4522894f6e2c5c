import { toTruth, toWhole } from '../kusto/convert-value.ts';
import { formatSpan, formatTimeCell, parseTime } from '../kusto/kusto-time.ts';
import {
  absent,
  isJsonObject,
  type KustoColumn,
  type KustoDynamic,
  KustoSpan,
  type KustoTable,
  KustoTime,
  type KustoValue,
} from '../kusto/kusto-value.ts';

type LogRow = Readonly<Record<string, unknown>>;

/** A row of the log never changes, so its cells are computed once per table for all queries. */
const ingested = new WeakMap<readonly KustoColumn[], WeakMap<LogRow, readonly KustoValue[]>>();

/**
 * Rows of the log as a table of these columns. A value of the wrong type for its column is dropped, as on ingestion.
 */
export function toTable(columns: readonly KustoColumn[], rows: readonly LogRow[]): KustoTable {
  const known = ingested.get(columns) ?? new WeakMap<LogRow, readonly KustoValue[]>();
  ingested.set(columns, known);
  return { columns, rows: rows.map((row) => valuesOf(columns, row, known)) };
}

function valuesOf(
  columns: readonly KustoColumn[],
  row: LogRow,
  known: WeakMap<LogRow, readonly KustoValue[]>,
): readonly KustoValue[] {
  const values = known.get(row) ?? columns.map(({ name, type }) => toValue(row[name], type));
  known.set(row, values);
  return values;
}

/** A result in the query API's form: dynamic cells as JSON text, times as ISO 8601. */
export function toCell(value: KustoValue, type: string): string | number | boolean | null {
  if (value === null) return type === 'string' ? '' : null;
  if (value instanceof KustoTime) return formatTimeCell(value);
  if (value instanceof KustoSpan) return formatSpan(value);
  if (isJsonObject(value)) return JSON.stringify(value);
  return value;
}

function toValue(cell: unknown, type: string): KustoValue {
  if (cell === undefined || cell === null) return absent(type);
  switch (type) {
    case 'string':
      return typeof cell === 'string' ? cell : JSON.stringify(cell);
    case 'datetime':
      return typeof cell === 'string' ? parseTime(cell) : null;
    case 'int':
    case 'long':
      return toWhole(cell as KustoValue);
    case 'real':
      return Number(cell);
    case 'bool':
      return toTruth(cell as KustoValue);
    default:
      return cell as KustoDynamic;
  }
}
