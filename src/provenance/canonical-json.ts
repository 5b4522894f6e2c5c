/** Values that RFC 8785 can encode: no undefined, no NaN, no dates. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/**
 * Canonical JSON by RFC 8785 (JCS): names sorted by UTF-16 code units, no white space, ECMAScript's own number and
 * string forms. Equal values always produce the same text, so digests and signatures stay valid.
 */
export function canonicalJson(value: JsonValue): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError('RFC 8785 has no such number.');
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`;
  // The default order of `sort` is that of UTF-16 code units.
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name] ?? null)}`).join(',')}}`;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/**
 * Canonical JSON for rows by the million: rows of one shape are sorted once, and the objects in them, which many rows
 * share, are written once. A row is JSON, and an object in it must not change later.
 */
export function canonicalRows(): (row: { readonly [name: string]: JsonValue | object }) => string {
  let shape: readonly string[] = [];
  let order: readonly { readonly name: string; readonly label: string }[] = [];
  const written = canonicalObjects();
  const textOf = (value: JsonValue | object): string => {
    if (value === null || typeof value !== 'object') return JSON.stringify(value);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the caller says that it is JSON
    return Array.isArray(value) ? canonicalJson(value as JsonValue) : written(value);
  };
  return (row) => {
    const names = Object.keys(row);
    if (names.length !== shape.length || names.some((name, index) => name !== shape[index])) {
      shape = names;
      order = names.toSorted().map((name) => ({ name, label: `${JSON.stringify(name)}:` }));
    }
    let text = '';
    for (const { name, label } of order) text += `${text === '' ? '{' : ','}${label}${textOf(row[name] ?? null)}`;
    return text === '' ? '{}' : `${text}}`;
  };
}

/** Canonical JSON of objects that many rows share: each is written once. It is JSON, and must not change later. */
export function canonicalObjects(): (value: object) => string {
  const written = new WeakMap<object, string>();
  return (value) => {
    const known = written.get(value);
    if (known !== undefined) return known;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the caller says that it is JSON
    const text = canonicalJson(value as JsonValue);
    written.set(value, text);
    return text;
  };
}
