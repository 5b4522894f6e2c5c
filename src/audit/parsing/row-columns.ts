import { memoize } from '../../provenance/memoize.ts';

/**
 * The columns of one row by lower-case name, those under `properties` among them, without AzureDiagnostics' type suffixes.
 */
export interface Columns {
  readonly get: (name: string) => unknown;
  readonly has: (name: string) => boolean;
  /** The columns that carry one claim of the identity each, in order. */
  readonly claims: readonly { readonly claim: string; readonly value: unknown }[];
}

/** AzureDiagnostics has a column for each claim. */
const claimPrefix = 'identity_claim_';
const typeSuffix = /_[sdgbt]$/;

/**
 * Indexes columns by lower-case name, merges those under `properties`, and strips AzureDiagnostics' type suffixes. A
 * full workspace moves columns into `AdditionalFields`, as an object or its JSON; they fill empty columns.
 */
export function indexColumns(row: Record<string, unknown>): Columns {
  const merged = mergeProperties(row);
  const { members, claims } = shapeOf(merged);
  if (hasBag(row)) return withBag(merged, members, parseBag(row['AdditionalFields']));
  return {
    get: (name) => {
      const member = members.get(name);
      return member === undefined ? undefined : merged[member];
    },
    has: (name) => members.has(name),
    claims: claims.length === 0 ? none : claims.map(({ claim, member }) => ({ claim, value: merged[member] })),
  };
}

const none: Columns['claims'] = [];

/** Where the columns of a row are: each is the path of a member. */
export interface ColumnPaths {
  readonly columns: ReadonlyMap<string, readonly string[]>;
  readonly claims: readonly { readonly claim: string; readonly path: readonly string[] }[];
}

/**
 * The members that `indexColumns` reads. They are the same for each row that has the same members with the same types.
 * Returns `null` where they depend on the values, too.
 */
export function locateColumns(row: Record<string, unknown>): ColumnPaths | null {
  if (hasBag(row)) return null;
  const { members, claims } = shapeOf(mergeProperties(row));
  const pathOf = (member: string): readonly string[] =>
    Object.hasOwn(row, member) ? [member] : [propertiesMember(row), member];
  return {
    columns: new Map([...members].map(([name, member]) => [name, pathOf(member)])),
    claims: claims.map(({ claim, member }) => ({ claim, path: pathOf(member) })),
  };
}

function propertiesMember(row: Record<string, unknown>): string {
  return (row['properties'] ?? null) === null ? 'Properties' : 'properties';
}

function mergeProperties(row: Record<string, unknown>): Record<string, unknown> {
  const properties = row[propertiesMember(row)];
  return isObject(properties) ? { ...properties, ...row } : row;
}

function hasBag(row: Record<string, unknown>): boolean {
  return (row['AdditionalFields'] ?? null) !== null;
}

/** Which member of the rows of one shape each column is. */
interface RowShape {
  readonly names: readonly string[];
  readonly members: ReadonlyMap<string, string>;
  readonly claims: readonly { readonly claim: string; readonly member: string }[];
}

/** The last one: rows of one source have the same members in the same order. */
let lastShape: RowShape = describeShape([]);

function shapeOf(row: Record<string, unknown>): RowShape {
  const { names } = lastShape;
  let count = 0;
  for (const name in row) {
    if (name !== names[count]) {
      count = -1;
      break;
    }
    count += 1;
  }
  if (count !== names.length) lastShape = describeShape(Object.keys(row));
  return lastShape;
}

function describeShape(names: readonly string[]): RowShape {
  const members = new Map<string, string>();
  for (const name of names) {
    const { lower, bare } = spelling(name);
    members.set(lower, name);
    if (bare !== null && !members.has(bare)) members.set(bare, name);
  }
  return { names, members, claims: claimsAmong([...members]).map(({ claim, value }) => ({ claim, member: value })) };
}

function claimsAmong<Value>(columns: readonly (readonly [string, Value])[]) {
  return columns.flatMap(([name, value]) =>
    name.length > claimPrefix.length && name.startsWith(claimPrefix)
      ? [{ claim: name.slice(claimPrefix.length).replace(typeSuffix, ''), value }]
      : [],
  );
}

function withBag(
  row: Record<string, unknown>,
  members: ReadonlyMap<string, string>,
  bag: Record<string, unknown>,
): Columns {
  const columns = new Map([...members].map(([name, member]) => [name, row[member]]));
  for (const [name, value] of Object.entries(bag)) {
    const { lower, bare } = spelling(name);
    for (const one of bare === null ? [lower] : [lower, bare]) {
      const known = columns.get(one);
      if (known === undefined || known === null || known === '') columns.set(one, value);
    }
  }
  return { get: (name) => columns.get(name), has: (name) => columns.has(name), claims: claimsAmong([...columns]) };
}

function parseBag(value: unknown): Record<string, unknown> {
  if (isObject(value)) return value;
  try {
    const parsed: unknown = typeof value === 'string' ? JSON.parse(value) : null;
    return isObject(parsed) ? parsed : {};
  } catch {
    return {}; // A bag that is not valid JSON is ignored; the row itself is still parsed.
  }
}

const spelling = memoize((name): { readonly lower: string; readonly bare: string | null } => {
  const lower = name.toLowerCase();
  return { lower, bare: typeSuffix.test(lower) ? lower.slice(0, -2) : null };
});

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
