import { callerIdentity } from './caller-identity.ts';
import { indexColumns } from './row-columns.ts';
import type { CallerIdentity } from '../model/retrieval.ts';

/** The columns that hold one text each, in order of preference, by lower-case name. */
export const textColumns = {
  time: ['timegenerated', 'time'],
  operation: ['operationname'],
  request: ['requesturi'],
  object: ['id'],
  resource: ['_resourceid', 'resourceid'],
  client: ['clientinfo'],
  correlation: ['correlationid'],
  signature: ['resultsignature'],
  address: ['calleripaddress'],
  assignment: ['appliedassignmentid'],
  description: ['resultdescription'],
  received: ['timereceived', '_timereceived'],
} as const;

/** The column of the HTTP status. */
export const statusColumn = 'httpstatuscode';
/** The columns that may name the table. */
export const sourceColumns = ['source', 'type'] as const;

/** What the parser reads of a row, whichever table it is from. A text that is absent, empty or `None` is `null`. */
export type RowFields = Readonly<Record<keyof typeof textColumns, string | null>> & {
  readonly status: number | null;
  readonly identity: CallerIdentity;
  /** The table, as `Retrieval.sources` has it. */
  readonly sources: readonly string[];
  /** The value of any column. */
  readonly column: (name: string) => unknown;
};

/** Reads the fields of a row that was parsed from JSON. */
export function readFields(row: Record<string, unknown>): RowFields {
  const columns = indexColumns(row);
  const text = (names: readonly string[]): string | null => {
    for (const name of names) {
      const value = columns.get(name);
      if (isText(value)) return value;
    }
    return null;
  };
  return {
    time: text(textColumns.time),
    operation: text(textColumns.operation),
    request: text(textColumns.request),
    object: text(textColumns.object),
    resource: text(textColumns.resource),
    client: text(textColumns.client),
    correlation: text(textColumns.correlation),
    signature: text(textColumns.signature),
    address: text(textColumns.address),
    assignment: text(textColumns.assignment),
    description: text(textColumns.description),
    received: text(textColumns.received),
    status: toStatus(columns.get(statusColumn)),
    identity: callerIdentity(columns.get('identity'), columns),
    sources: detectSource(text(sourceColumns), columns.has),
    column: columns.get,
  };
}

/** Whether a value is text that says something. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value !== 'None';
}

export function toStatus(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d{3}(\.0+)?$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) ? number : null;
}

const tables = {
  AZKVAuditLogs: ['AZKVAuditLogs'],
  AzureDiagnostics: ['AzureDiagnostics'],
  archive: ['archive'],
} as const;

/** The table that a row is from: the one that it names, or else the one that has such columns. */
export function detectSource(named: string | null, has: (column: string) => boolean): readonly string[] {
  if (named === 'AZKVAuditLogs' || named === 'AzureDiagnostics' || named === 'archive') return tables[named];
  if (has('requesturi_s') || has('httpstatuscode_d')) return tables.AzureDiagnostics;
  return has('timegenerated') ? tables.AZKVAuditLogs : tables.archive;
}
