import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { EmbeddedAuditLog } from './audit-log.ts';
import { createDotnetTicks } from './dotnet-ticks.ts';

type Row = Readonly<Record<string, unknown>>;

/** The log's writing side: callers pass a row, and the log adds its times. */
export interface WritableAuditLog extends EmbeddedAuditLog {
  write(row: (timeGenerated: string) => Row): void;
}

const fourMinutesMs = 240_000;

/** `file`: an NDJSON file to which rows are appended, and from which they are reloaded after a restart. */
export function createAuditLog(options: { readonly clock: Clock; readonly file?: string }): WritableAuditLog {
  const { clock, file } = options;
  const formatTicks = createDotnetTicks();
  const formatArrival = createDotnetTicks();
  const rows: Row[] = file !== undefined && existsSync(file) ? readRows(file) : [];
  const dropped: { readonly from: Date; readonly to: Date }[] = [];
  // Azure documents 3 to 10 minutes end to end.
  let delayMs = fourMinutesMs;
  const keep = (row: Row) => {
    if (dropped.some(({ from, to }) => isWithin(row['TimeGenerated'], from, to))) return;
    rows.push(row);
    if (file !== undefined) {
      mkdirSync(dirname(file), { recursive: true });
      appendFileSync(file, `${JSON.stringify(row)}\n`);
    }
  };
  return {
    setDelay(milliseconds) {
      delayMs = milliseconds;
    },
    drop(from, to) {
      dropped.push({ from, to });
    },
    rows: () => rows.filter((row) => Date.parse(String(row['_TimeReceived'])) <= clock.now().getTime()),
    append(row) {
      const now = clock.now();
      keep({
        Type: 'AZKVAuditLogs',
        TimeGenerated: formatTicks(now),
        _TimeReceived: formatArrival(now),
        _ItemId: randomUUID(),
        ...row,
      });
    },
    write(toRow) {
      const now = clock.now();
      keep({ ...toRow(formatTicks(now)), _TimeReceived: formatArrival(new Date(now.getTime() + delayMs)) });
    },
  };
}

function isWithin(time: unknown, from: Date, to: Date): boolean {
  const at = Date.parse(String(time));
  return at >= from.getTime() && at < to.getTime();
}

function readRows(file: string): Row[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
}
