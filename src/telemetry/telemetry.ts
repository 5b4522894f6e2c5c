import type { Trace } from '../log/trace.ts';
import type { Sample } from './metric-table.ts';

/** Traces and metrics of one process. */
export interface Telemetry {
  readonly trace: Trace;
  /** From now on the figures are sent at intervals; `samples` is asked each time. */
  readonly observe: (samples: () => Promise<readonly Sample[]>) => void;
  /** Sends what waits. Resolves also if the receiver is away. */
  readonly shutdown: () => Promise<void>;
}
