/**
 * Yields the rows in one parsed JSON value: a row, `{"record": row}`, Azure's `{"records": [rows]}` from older archives
 * and Event Hub, or an array of any of them. Passes on anything else unchanged, so that the parser refuses it with its
 * place.
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
