import { hash } from 'node:crypto';
import { memoize } from '../../provenance/memoize.ts';
import { isDay } from '../model/calendar.ts';
import { classifyOperation, spellOperation } from './operation-kinds.ts';
import { requestedSecret, vaultOf } from './requested-secret.ts';
import type { Retrieval } from '../model/retrieval.ts';
import { readFields, type RowFields } from './row-fields.ts';
import { disagrees, classifyDenial } from './status-of-row.ts';

/** A parsed row, or a refused one with its place and reason; neither is ever dropped. */
export type ParsedRow =
  | { readonly outcome: 'parsed'; readonly retrieval: Retrieval }
  | { readonly outcome: 'refused'; readonly place: string; readonly reason: string };

/** The log's own form, which needs no conversion. */
const exactTime = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{7}Z$/;
const timePattern = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?$/;

/**
 * Parses one row of Key Vault's audit log: from AZKVAuditLogs, AzureDiagnostics, the storage archive or Event Hub, or
 * any of them as `{"record": …}`. Names are case-insensitive; numbers may be text; `None` means absent. `place` names
 * the row if it is refused.
 */
export function parseAuditRow(row: unknown, place: string): ParsedRow {
  if (!isObject(row)) return { outcome: 'refused', place, reason: 'it is not an object' };
  if (isObject(row['record'])) return parseAuditRow(row['record'], place);
  return parseFields(readFields(row), place);
}

/** Parses the fields of one row, wherever they were read. */
export function parseFields(fields: RowFields, place: string): ParsedRow {
  const essentials = readEssentials(fields);
  if (typeof essentials === 'string') return { outcome: 'refused', place, reason: essentials };
  const { at, status, vault, operation, kind } = essentials;
  const { request, object, identity, client } = fields;
  const asked = requestedSecret(request);
  const served = requestedSecret(object);
  const succeeded = status >= 200 && status < 300;
  const correlationId = fields.correlation?.toLowerCase() ?? null;
  const secret = served.secret ?? asked.secret;
  const requestedVersion = asked.version;
  const retrieval: Retrieval = {
    format: 1,
    id: retrievalId({ vault, correlationId, operation, status, secret, requestedVersion, at }),
    at,
    kind,
    operation,
    status,
    vault,
    secret,
    version: succeeded ? (served.version ?? asked.version) : null,
    requestedVersion,
    identity,
    address: fields.address,
    client,
    correlationId,
    roleAssignment: lastSegment(fields.assignment),
    denial: classifyDenial(status, fields.column, fields.description),
    sources: fields.sources,
    receivedAt: parseTime(fields.received),
  };
  return {
    outcome: 'parsed',
    retrieval: disagrees(status, fields.signature) ? { ...retrieval, statusDisagrees: true } : retrieval,
  };
}

/** The vault of a row, without all else that it says; `null` for one that `parseAuditRow` refuses. */
export function vaultOfRow(row: unknown): string | null {
  if (!isObject(row)) return null;
  return isObject(row['record']) ? vaultOfRow(row['record']) : vaultOfFields(readFields(row));
}

/** The same of the fields of a row. */
export function vaultOfFields(fields: RowFields): string | null {
  const essentials = readEssentials(fields);
  return typeof essentials === 'string' ? null : essentials.vault;
}

/** What a row must say, or why it is refused. */
type Essentials = Pick<Retrieval, 'at' | 'status' | 'vault' | 'operation' | 'kind'> | string;

function readEssentials({
  time,
  operation: written,
  status,
  resource,
  object,
  request,
  identity,
  client,
}: RowFields): Essentials {
  const at = parseTime(time);
  if (at === null) return 'it has no time (TimeGenerated or time, ISO 8601)';
  if (written === null) return 'it has no OperationName';
  if (status === null) return 'it has no HttpStatusCode';
  const vault = vaultOf(resource, object, request);
  if (vault === null) return 'it names no vault (_ResourceId or resourceId)';
  const operation = spellOperation(written);
  const kind = classifyOperation({ operation, status, identity, client });
  if (kind === null) return `this release does not know its operation on secrets: ${operation.slice(0, 60)}`;
  return { at, status, vault, operation, kind };
}

type IdentifyingFields = Pick<
  Retrieval,
  'vault' | 'correlationId' | 'operation' | 'status' | 'secret' | 'requestedVersion' | 'at'
>;

/** The id of an event, from members that its row in a pack states, so that an auditor can recompute it. */
export function retrievalId(of: IdentifyingFields): string {
  const { vault, correlationId, operation, status, secret, requestedVersion, at } = of;
  const event = `${vault}\n${correlationId ?? ''}\n${operation}\n${String(status)}\n${secret ?? ''}\n${requestedVersion ?? ''}\n${at}`;
  return hash('sha256', event).slice(0, 32);
}

/** The log states an assignment as its id or as its full resource id. */
export function lastSegment(text: string | null): string | null {
  return text === null ? null : assignmentOf(text);
}

const assignmentOf = memoize((text) => text.toLowerCase().split('/').at(-1) ?? '');

/** UTC with seven fractional digits: two rows may differ only in the last. `null` if the text is not a time. */
export function parseTime(text: string | null): string | null {
  // Some months lack the later days, so those need the full check.
  if (text !== null && exactTime.test(text)) return text;
  const parts = text === null ? null : timePattern.exec(text);
  if (parts === null) return null;
  const [, day = '', clock = '', fraction = '', zone = 'Z'] = parts;
  const moment = Date.parse(`${day}T${clock}${zone}`);
  if (Number.isNaN(moment) || !isDay(day)) return null;
  return `${new Date(moment).toISOString().slice(0, 19)}.${fraction.slice(0, 7).padEnd(7, '0')}Z`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
