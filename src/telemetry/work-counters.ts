import { ServiceError } from '../service-error.ts';
import type { Sample } from './metric-table.ts';

/** What this process did since it began. */
export interface WorkCounters {
  succeeded(work: string, at: Date): void;
  failed(work: string, error: unknown, at: Date): void;
  brokered(outcome: 'served' | 'refused'): void;
  samples(): readonly Sample[];
}

/** Codes are a closed list, so no number of failures makes the page long. */
export function workCounters(): WorkCounters {
  const success = new Map<string, Date>();
  const failure = new Map<string, Date>();
  const failures = new Map<string, { readonly work: string; readonly code: string; count: number }>();
  const broker = { served: 0, refused: 0 };
  const seconds = (at: Date) => at.getTime() / 1_000;

  return {
    succeeded: (work, at) => void success.set(work, at),
    failed(work, error, at) {
      const code = ServiceError.is(error) ? error.code : 'UNEXPECTED';
      failure.set(work, at);
      const row = failures.get(`${work} ${code}`) ?? { work, code, count: 0 };
      row.count += 1;
      failures.set(`${work} ${code}`, row);
    },
    brokered: (outcome) => void (broker[outcome] += 1),
    samples: () => [
      ...[...success].map(
        ([work, at]): Sample => ({
          name: 'keyturn_last_success_timestamp_seconds',
          labels: { work },
          value: seconds(at),
        }),
      ),
      ...[...failure].map(
        ([work, at]): Sample => ({
          name: 'keyturn_last_failure_timestamp_seconds',
          labels: { work },
          value: seconds(at),
        }),
      ),
      ...[...failures.values()].map(
        ({ work, code, count }): Sample => ({
          name: 'keyturn_work_failures_total',
          labels: { work, code },
          value: count,
        }),
      ),
      { name: 'keyturn_broker_reads_total', value: broker.served },
      { name: 'keyturn_broker_refusals_total', value: broker.refused },
    ],
  };
}
