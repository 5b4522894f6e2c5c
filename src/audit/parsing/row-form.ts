import { callerIdentity } from './caller-identity.ts';
import { createMatcher, type FormMatcher } from './form-matcher.ts';
import type { KnownTexts } from './known-texts.ts';
import { formOf, type LineForm, pathOf } from './line-form.ts';
import type { LineMemory } from './line-memory.ts';
import { memoize } from '../../provenance/memoize.ts';
import { type ColumnPaths, indexColumns, locateColumns } from './row-columns.ts';
import { type CommonContents, createRowView, type FieldReaders, type RowView } from './row-view.ts';
import {
  detectSource,
  isText,
  type RowFields,
  sourceColumns,
  statusColumn,
  textColumns,
  toStatus,
} from './row-fields.ts';
import type { CallerIdentity } from '../model/retrieval.ts';

/** The form of rows of one source: where in a line of this form the parser's fields are. */
export interface RowForm {
  readonly matches: FormMatcher['matches'];
  /** The fields of the line that matched last. */
  fields(bytes: Buffer, from: number, to: number): RowFields;
  /** The line that matched last, if it is a read in the log's own form; `null` for any other, whose fields tell all. */
  view(bytes: Buffer, from: number): RowView | null;
}

/** `value` is what the line says. Returns `null` if lines like this one are not simple enough. */
export function createRowForm(
  line: string,
  value: unknown,
  texts: KnownTexts,
  memory: LineMemory | null,
): RowForm | null {
  const { row, path } = unwrapRecord(value, []);
  const located = row === null ? null : locateColumns(row);
  const form = located === null ? null : formOf(line);
  if (form === null || located === null) return null;
  const place = { form, located, path };
  const matcher = createMatcher(form, texts, memory);
  const [status] = contentsOf(place, [statusColumn]);
  if (status === undefined) return null;
  const isTextStatus = form.contents[status]?.isText === true;
  const text = (names: readonly string[]) => firstText(matcher, textsOf(place, names));
  const statusOf = memoize((content) => toStatus(isTextStatus ? content : Number(content)));
  const source = text(sourceColumns);
  const has = (name: string) => located.columns.has(name);
  const read: FieldReaders = {
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
    status: (bytes) => statusOf(matcher.content(bytes, status)),
    identity: identityReader(place, matcher),
    sources: (bytes) => detectSource(source(bytes), has),
  };
  const fields: RowForm['fields'] = (bytes, from, to) => ({
    time: read.time(bytes),
    operation: read.operation(bytes),
    request: read.request(bytes),
    object: read.object(bytes),
    resource: read.resource(bytes),
    client: read.client(bytes),
    correlation: read.correlation(bytes),
    signature: read.signature(bytes),
    address: read.address(bytes),
    assignment: read.assignment(bytes),
    description: read.description(bytes),
    received: read.received(bytes),
    status: read.status(bytes),
    identity: read.identity(bytes, from),
    sources: read.sources(bytes),
    column: (name) => columnOf(bytes.toString('latin1', from, to), name),
  });
  const [time = -1] = textsOf(place, textColumns.time);
  const only = (names: readonly string[]) => {
    const [first = -1, ...more] = textsOf(place, names);
    return more.length === 0 ? first : -1;
  };
  const places = {
    time,
    correlation: only(textColumns.correlation),
    object: only(textColumns.object),
    request: only(textColumns.request),
  };
  const view = createRowView({ matcher, read, places, common: commonContents(place) });
  return { matches: matcher.matches, fields, view };
}

function commonContents(place: Place): CommonContents {
  const { form, located, path } = place;
  const { operation, resource, client, signature, address } = textColumns;
  const claims = located.claims.map((claim) => pathOf(...path, ...claim.path));
  const identity = located.columns.get('identity');
  if (identity !== undefined) claims.push(pathOf(...path, ...identity));
  const parts = claims.flatMap((claim) => form.values.get(claim) ?? []);
  const within = form.contents.flatMap(({ from, to }, index) =>
    parts.some((part) => from >= part.from && to <= part.to) ? [index] : [],
  );
  return {
    act: contentsOf(place, [...operation, ...resource, ...signature, ...sourceColumns, statusColumn]),
    caller: [...new Set([...contentsOf(place, [...client, ...address]), ...within])],
  };
}

interface Place {
  readonly form: LineForm;
  readonly located: ColumnPaths;
  /** Of the row within the line's value. */
  readonly path: readonly string[];
}

/** The contents that these columns have, in their order. */
function contentsOf({ form, located, path }: Place, names: readonly string[]): readonly number[] {
  return names.flatMap((name) => {
    const members = located.columns.get(name);
    if (members === undefined) return [];
    const index = form.contents.findIndex((content) => content.path === pathOf(...path, ...members));
    return index === -1 ? [] : [index];
  });
}

function textsOf(place: Place, names: readonly string[]): readonly number[] {
  return contentsOf(place, names).filter((index) => place.form.contents[index]?.isText === true);
}

function firstText({ content }: FormMatcher, candidates: readonly number[]): (bytes: Buffer) => string | null {
  const [only] = candidates;
  if (only === undefined) return () => null;
  if (candidates.length === 1) {
    return (bytes) => {
      const text = content(bytes, only);
      return isText(text) ? text : null;
    };
  }
  return (bytes) => {
    for (const candidate of candidates) {
      const text = content(bytes, candidate);
      if (isText(text)) return text;
    }
    return null;
  };
}

/** Reads the identity by the text of its object and of the columns that carry a claim each: few differ. */
function identityReader({ form, located, path }: Place, matcher: FormMatcher) {
  const valueAt = (members: readonly string[] | undefined) =>
    members === undefined ? null : (form.values.get(pathOf(...path, ...members)) ?? null);
  const whole = valueAt(located.columns.get('identity'));
  const claims = located.claims.map(({ claim, path: members }) => ({ claim, value: valueAt(members) }));
  const partAt = (value: { readonly from: number; readonly to: number } | null) =>
    value === null ? () => '' : matcher.part(value.from, value.to);
  const wholeText = partAt(whole);
  const claimTexts = claims.map(({ value }) => partAt(value));
  const identityOf = memoize((key): CallerIdentity => {
    const [identity, ...values] = key.split('\n').map((text): unknown => (text === '' ? undefined : JSON.parse(text)));
    return callerIdentity(identity, { claims: claims.map(({ claim }, index) => ({ claim, value: values[index] })) });
  });
  return (bytes: Buffer, from: number): CallerIdentity => {
    let key = wholeText(bytes, from);
    for (const text of claimTexts) key += `\n${text(bytes, from)}`;
    return identityOf(key);
  };
}

/** The archive's rows may be wrapped in `{"record": …}`, as the parser has it. */
function unwrapRecord(
  value: unknown,
  path: readonly string[],
): { readonly row: Record<string, unknown> | null; readonly path: readonly string[] } {
  if (!isObject(value)) return { row: null, path };
  return isObject(value['record']) ? unwrapRecord(value['record'], [...path, 'record']) : { row: value, path };
}

/** Of a line that matched. Few rows need another column than the fields. */
function columnOf(line: string, name: string): unknown {
  const { row } = unwrapRecord(JSON.parse(line), []);
  return row === null ? undefined : indexColumns(row).get(name);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
