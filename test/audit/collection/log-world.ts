import { createHash } from 'node:crypto';
import type { ReportingPeriod } from '../../../src/audit/model/audited-period.ts';
import type { CanaryReader } from '../../../src/audit/collection/canary-reader.ts';
import { collectRetrievals, type RetrievalCollector } from '../../../src/audit/collection/collect-retrievals.ts';
import type { RetrievalLog } from '../../../src/audit/collection/retrieval-log.ts';
import { ServiceError } from '../../../src/service-error.ts';
import { memoryRecordStore } from '../../memory-record-store.ts';

export const minuteMs = 60_000;
export const eight = Date.parse('2026-03-02T08:00:00Z');

export function rowAt(time: number | string, id: string, change: object = {}): Record<string, unknown> {
  return {
    TimeGenerated: typeof time === 'string' ? time : new Date(time).toISOString().replace('Z', '0000Z'),
    OperationName: 'SecretGet',
    HttpStatusCode: 200,
    RequestUri: 'https://kv.vault.azure.net/secrets/database/?api-version=7.4',
    Id: 'https://kv.vault.azure.net/secrets/database/v1',
    CorrelationId: id,
    ResourceId: '/x/vaults/kv',
    ...change,
  };
}

/** A log in memory that can hold back rows, give parts, count wrongly and fail, and that tells what it was asked. */
export function memoryLog(rows: Record<string, unknown>[] = []) {
  const state = { rows, mostRows: Number.POSITIVE_INFINITY, broken: [] as string[], hidden: 0, down: false };
  const asked: string[] = [];
  const inside = ({ from, to }: ReportingPeriod) =>
    state.rows.filter((row) => {
      const at = Date.parse(String(row['TimeGenerated']));
      return at >= from.getTime() && at < to.getTime();
    });
  const log: RetrievalLog = {
    name: 'retrievals.kql',
    async rows({ from, to }) {
      asked.push(`${from.toISOString().slice(11, 19)}-${to.toISOString().slice(11, 19)}`);
      const found = inside({ from, to });
      const poisoned = found.some((row) => state.broken.includes(String(row['CorrelationId'])));
      if (found.length > state.mostRows || poisoned) {
        const bounds = { from: from.toISOString(), to: to.toISOString() };
        throw new ServiceError('LOG_QUERY_PARTIAL', { workspace: 'w', ...bounds });
      }
      const shown = state.hidden === 0 ? found : found.slice(0, -state.hidden);
      const query = { name: 'retrievals.kql', text: 'text', sha256: 'ab'.repeat(32) };
      const answerSha256 = createHash('sha256').update(JSON.stringify(shown)).digest('hex');
      return { rows: shown, answerSha256, query };
    },
    async controlTotals(interval) {
      if (state.down) throw new ServiceError('LOG_QUERY_FAILED', { workspace: 'w', status: 503, code: 'down' });
      const totals = new Map<string, number>();
      for (const row of inside(interval)) {
        const hour = `${String(row['TimeGenerated']).slice(0, 13)}:00:00Z`;
        totals.set(hour, (totals.get(hour) ?? 0) + 1);
      }
      return totals;
    },
  };
  return { log, state, asked };
}

/** A log and records in memory with a clock; each collector of one world works on the same store. */
export function world(rows: Record<string, unknown>[] = []) {
  const records = memoryRecordStore();
  const clock = { at: eight + 150 * minuteMs };
  const memory = memoryLog(rows);
  /** One pass; `change`: of another instance, such as one whose clock is wrong. */
  const collectBy = (change: Partial<RetrievalCollector>) =>
    collectRetrievals({
      log: memory.log,
      records,
      now: () => new Date(clock.at),
      settlingMs: 10 * minuteMs,
      firstPassMs: 180 * minuteMs,
      ...change,
    });
  const collect = (canary?: CanaryReader) => collectBy(canary === undefined ? {} : { canary });
  return { ...memory, records, clock, collect, collectBy };
}
