/** A request to a worker: one pass, with its clock offset in milliseconds. */
export interface PassRequest {
  readonly aheadMs: number;
}

/** A worker's measurement of one task. */
export interface Measured {
  readonly seconds: number;
  /** Processor time of all threads of the worker's process. */
  readonly processorSeconds: number;
  /** Peak memory of the worker's process, in bytes. */
  readonly peakBytes: number;
  /** Counts and faults of the reconciler's pass; empty for plain writes. */
  readonly counts: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

/** Runs `work` and returns its measurements. */
export async function measure(work: () => Promise<Pick<Measured, 'counts' | 'faults'>>): Promise<Measured> {
  const processor = process.cpuUsage();
  const begun = performance.now();
  const { counts, faults } = await work();
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(processor);
  return {
    seconds,
    processorSeconds: (user + system) / 1_000_000,
    // The kernel counts in kilobytes.
    peakBytes: process.resourceUsage().maxRSS * 1024,
    counts,
    faults,
  };
}
