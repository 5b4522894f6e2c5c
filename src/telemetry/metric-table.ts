/** One figure that `/metrics` shows. */
interface MetricRow {
  readonly kind: 'gauge' | 'counter';
  /** What it counts, in words that docs/operations.md shows too. */
  readonly help: string;
  readonly labels: readonly string[];
}

/** Every figure, in the order of the page. Units are in the names, as Prometheus asks. */
export const metricTable = {
  keyturn_build_info: { kind: 'gauge', help: 'Always 1; its label is the version.', labels: ['version'] },
  keyturn_rotations: {
    kind: 'gauge',
    help: 'Rotations that are not over, or stopped, by what they have come to.',
    labels: ['state'],
  },
  keyturn_oldest_question_seconds: {
    kind: 'gauge',
    help: 'How long the oldest rotation has waited for a person; 0 while none does.',
    labels: [],
  },
  keyturn_last_success_timestamp_seconds: {
    kind: 'gauge',
    help: 'When this process last did a kind of scheduled work; absent until it did.',
    labels: ['work'],
  },
  keyturn_last_failure_timestamp_seconds: {
    kind: 'gauge',
    help: 'When a kind of scheduled work last failed in this process; absent until it did.',
    labels: ['work'],
  },
  keyturn_work_failures_total: {
    kind: 'counter',
    help: 'Runs of scheduled work that failed in this process, by the code of the failure.',
    labels: ['work', 'code'],
  },
  keyturn_log_watermark_timestamp_seconds: {
    kind: 'gauge',
    help: 'Up to when log rows are taken to have arrived; absent until any were collected.',
    labels: [],
  },
  keyturn_log_unread_intervals: {
    kind: 'gauge',
    help: 'Intervals of the log that could not be read.',
    labels: [],
  },
  keyturn_notifications_pending: {
    kind: 'gauge',
    help: 'Messages to people that wait to be sent.',
    labels: ['channel'],
  },
  keyturn_broker_reads_total: { kind: 'counter', help: 'Values that this process gave to jobs.', labels: [] },
  keyturn_broker_refusals_total: {
    kind: 'counter',
    help: 'Requests of jobs that this process refused or could not answer.',
    labels: [],
  },
} as const satisfies Readonly<Record<`keyturn_${string}`, MetricRow>>;

type MetricName = keyof typeof metricTable;

/** One value of a figure. */
export interface Sample {
  readonly name: MetricName;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}
