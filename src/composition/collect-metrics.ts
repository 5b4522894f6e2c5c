import { retrievalCollection } from '../audit/collection/retrieval-collection.ts';
import type { NotificationOutbox } from '../notify/notification-outbox.ts';
import type { RecordStore } from '../records/record-store.ts';
import { readOpenHistories } from '../rotation/history/read-open-histories.ts';
import type { Sample } from '../telemetry/metric-table.ts';
import { prometheusText } from '../telemetry/prometheus-text.ts';
import type { WorkCounters } from '../telemetry/work-counters.ts';
import { version } from './version.ts';

interface Parts {
  readonly records: RecordStore;
  readonly outbox: NotificationOutbox | null;
  readonly counters: WorkCounters;
  readonly now: () => Date;
}

const questions: ReadonlySet<string> = new Set(['awaiting-approval', 'awaiting-go', 'needs-attention']);

/** The page of `/metrics`, and the figures on it. Both reject as the records do. */
export function metricsOf(parts: Parts): {
  readonly metrics: () => Promise<string>;
  readonly samples: () => Promise<readonly Sample[]>;
} {
  const samples = async () => await collectSamples(parts);
  return { samples, metrics: async () => prometheusText(await samples()) };
}

/** What the records say now, and what this process did. @throws ServiceError `RECORD_…`. */
async function collectSamples({ records, outbox, counters, now }: Parts): Promise<readonly Sample[]> {
  const rotations = new Map<string, number>();
  let oldestMs = 0;
  for await (const { state, stateSince } of readOpenHistories(records)) {
    rotations.set(state, (rotations.get(state) ?? 0) + 1);
    if (questions.has(state)) oldestMs = Math.max(oldestMs, now().getTime() - Date.parse(stateSince));
  }
  const collection = await retrievalCollection(records);
  const pending = outbox === null ? new Map<string, number>() : await outbox.pending();
  const samples: Sample[] = [
    { name: 'keyturn_build_info', labels: { version }, value: 1 },
    ...[...rotations].map(([state, value]): Sample => ({ name: 'keyturn_rotations', labels: { state }, value })),
    { name: 'keyturn_oldest_question_seconds', value: Math.round(oldestMs / 1_000) },
    ...counters.samples(),
    ...[...pending].map(
      ([channel, value]): Sample => ({ name: 'keyturn_notifications_pending', labels: { channel }, value }),
    ),
  ];
  if (collection !== null) {
    const value = Date.parse(collection.watermark) / 1_000;
    samples.push({ name: 'keyturn_log_watermark_timestamp_seconds', value });
    samples.push({ name: 'keyturn_log_unread_intervals', value: collection.unread.length });
  }
  return samples;
}
