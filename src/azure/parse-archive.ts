/** One record of the archive. */
export interface ArchivedRecord {
  /** ISO 8601, UTC, seven fractional digits. */
  readonly at: string;
  /** Lower-case. */
  readonly resourceId: string;
  /** The record as JSON, for the digest. */
  readonly line: string;
  /** The record with its time as `TimeGenerated`, as other logs name it. */
  readonly row: Readonly<Record<string, unknown>>;
}

/** Where a blob lies, by its path. */
export interface ArchiveBlob {
  readonly path: string;
  /** Lower-case. */
  readonly resourceId: string;
  /** The start of the hour in which its records were received. */
  readonly receivedAt: Date;
}

/**
 * Parses one blob: a record a line, as Azure writes today; `{"records": […]}`, as it wrote before; or one array, as some
 * forwarders write. What is no record stays a row of the hour in which it was received, so that the audit lists it as
 * unreadable. A last line that is still being written is left for the next pass.
 */
export function parseArchive(text: string, blob: ArchiveBlob): readonly ArchivedRecord[] {
  const whole = parse(text);
  const entries = whole === undefined ? parseLines(text) : unfold(whole);
  return entries.map((entry, index) => recordOf(entry, blob, index));
}

function unfold(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[];
  if (isObject(value) && Array.isArray(value['records'])) return value['records'] as readonly unknown[];
  return [value];
}

function parseLines(text: string): readonly unknown[] {
  const lines = text.split('\n');
  const unfinished = text.endsWith('\n') ? -1 : lines.length - 1;
  return lines.flatMap((line, index): readonly unknown[] => {
    if (line.trim() === '') return [];
    const value = parse(line);
    if (value === undefined) return index === unfinished ? [] : [null];
    return unfold(value);
  });
}

function recordOf(entry: unknown, { path, resourceId, receivedAt }: ArchiveBlob, index: number): ArchivedRecord {
  const row = isObject(entry) ? entry : {};
  const at = typeof row['time'] === 'string' ? withTicks(row['time']) : null;
  if (at === null) {
    const received = receivedAt.toISOString().replace('Z', '0000Z');
    const unreadable = {
      Source: 'archive',
      TimeGenerated: received,
      place: `${path}#${String(index + 1)}`,
      resourceId,
    };
    return { at: received, resourceId, line: JSON.stringify(unreadable), row: unreadable };
  }
  const named = typeof row['resourceId'] === 'string' ? row['resourceId'].toLowerCase() : resourceId;
  return { at, resourceId: named, line: JSON.stringify(row), row: { Source: 'archive', TimeGenerated: at, ...row } };
}

/** `2026-03-02T08:00:00.1234567Z` of a time in UTC with up to seven fractional digits; `null` for any other text. */
function withTicks(time: string): string | null {
  const [, seconds, fraction = ''] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?Z$/.exec(time) ?? [];
  return seconds === undefined || Number.isNaN(Date.parse(`${seconds}Z`))
    ? null
    : `${seconds}.${fraction.padEnd(7, '0')}Z`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
