/** What the measuring process asks of a worker: one pass, with its clock so many milliseconds before the machine's. */
export interface PassRequest {
  readonly aheadMs: number;
}

/** What a worker measured around one piece of work. */
export interface Measured {
  readonly seconds: number;
  /** Of the worker's process alone: time of all its threads on a processor. */
  readonly processorSeconds: number;
  /** The most memory that the worker's process ever held, in bytes. */
  readonly peakBytes: number;
  /** Counts and faults of the reconciler's pass; empty for plain writes. */
  readonly counts: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

/** Runs `work` and says what it took. */
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
