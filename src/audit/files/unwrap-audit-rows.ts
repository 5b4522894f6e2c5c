/**
 * The rows that one piece of parsed JSON holds: a row, `{"record": row}`, Azure's `{"records": [rows]}` of older
 * archives and Event Hub, or an array of any of them. Anything else is given on as it is, to be refused with its place.
 */
export function* unwrapAuditRows(value: unknown): Generator {
  if (Array.isArray(value)) {
    for (const inner of value) yield* unwrapAuditRows(inner);
    return;
  }
  if (typeof value === 'object' && value !== null && 'records' in value && Array.isArray(value.records)) {
    yield* unwrapAuditRows(value.records);
    return;
  }
  yield value;
}
