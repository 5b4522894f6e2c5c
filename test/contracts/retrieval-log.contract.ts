import { describe, expect, it } from 'vitest';
import { parseAuditRow } from '../../src/audit/parsing/parse-audit-row.ts';
import type { RetrievalLog } from '../../src/audit/collection/retrieval-log.ts';

/** A log with reads at the given moments, all of one vault in scope, and one of a vault out of scope. */
export interface LogUnderTest {
  readonly log: RetrievalLog;
  /** Makes the log answer with a partial result above this many rows. */
  readonly limitRows: (most: number) => void;
}

/**
 * Times of the rows, ascending: two in one hour that differ only in the last digit, one in the next hour, then none.
 */
const contractMoments = [
  '2026-03-02T08:00:00.0000000Z',
  '2026-03-02T08:59:59.1234567Z',
  '2026-03-02T08:59:59.1234568Z',
  '2026-03-02T09:00:00.0000000Z',
] as const;

/** The contract of every retrieval log, for any client. */
export function retrievalLogContract(
  name: string,
  create: (moments: readonly string[]) => Promise<LogUnderTest>,
): void {
  const eight = new Date('2026-03-02T08:00:00Z');
  const nine = new Date('2026-03-02T09:00:00Z');
  const noon = new Date('2026-03-02T12:00:00Z');

  describe(`retrieval log: ${name}`, () => {
    it('returns the rows of a half-open interval, ascending, with all seven digits', async () => {
      const { log } = await create(contractMoments);
      const { rows } = await log.rows({ from: eight, to: nine });
      expect(rows.map((row) => row['TimeGenerated'])).toEqual(contractMoments.slice(0, 3));
      expect((await log.rows({ from: nine, to: noon })).rows).toHaveLength(1);
    });

    it('returns rows as JSON that the parser accepts', async () => {
      const { log } = await create(contractMoments);
      const { rows } = await log.rows({ from: eight, to: noon });
      const parsed = rows.map((row) => parseAuditRow(JSON.parse(JSON.stringify(row)), 'row'));
      expect(parsed.map((one) => (one.outcome === 'parsed' ? one.retrieval.kind : one.reason))).toEqual(
        contractMoments.map(() => 'read'),
      );
      expect(JSON.parse(JSON.stringify(rows))).toEqual(rows);
    });

    it('counts each hour with a separate query, and omits hours without rows', async () => {
      const { log } = await create(contractMoments);
      expect(Object.fromEntries(await log.controlTotals({ from: eight, to: noon }))).toEqual({
        '2026-03-02T08:00:00Z': 3,
        '2026-03-02T09:00:00Z': 1,
      });
    });

    it('returns the digests of its query and its answer', async () => {
      const { log } = await create(contractMoments);
      const { query, answerSha256 } = await log.rows({ from: eight, to: nine });
      expect(query.name).toBe(log.name);
      expect(query.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(answerSha256).toMatch(/^[0-9a-f]{64}$/);
      expect((await log.rows({ from: nine, to: noon })).query).toEqual(query);
      expect((await log.rows({ from: nine, to: noon })).answerSha256).not.toBe(answerSha256);
    });

    it('refuses a partial result', async () => {
      const { log, limitRows } = await create(contractMoments);
      limitRows(2);
      await expect(log.rows({ from: eight, to: nine })).rejects.toMatchObject({ code: 'LOG_QUERY_PARTIAL' });
      expect((await log.rows({ from: nine, to: noon })).rows).toHaveLength(1);
    });

    it('returns no rows for an empty interval', async () => {
      const { log } = await create([]);
      expect((await log.rows({ from: eight, to: nine })).rows).toEqual([]);
      expect((await log.controlTotals({ from: eight, to: nine })).size).toBe(0);
    });
  });
}
