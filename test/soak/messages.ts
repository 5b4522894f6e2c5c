/** What the soak tells a server that it started, over the channel between the processes. */
export type ToServer =
  /** The clock is set: `at` (milliseconds) was true when the machine's monotonic clock showed `monotonicMs`. */
  { readonly kind: 'clock'; readonly at: number; readonly monotonicMs: number } | { readonly kind: 'measure' };

export type FromServer =
  | { readonly kind: 'listening' }
  /** After a full collection, in bytes. */
  | { readonly kind: 'measured'; readonly heap: number; readonly resident: number };

/** One clock for all processes of a machine: nobody sets it. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
