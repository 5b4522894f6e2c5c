import type { TestOptions } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** What this machine lacks; the last lines of `npm test` count the skipped tests by it. */
    skippedBecause?: string;
  }
}

/**
 * Options of a test, or of a group of tests, that is skipped unless `isHere`. The only way to skip: a test that is skipped
 * without a reason looks like one that passed. `reason`: what is absent, and where it comes from.
 */
export function skipUnless(isHere: boolean, reason: string): TestOptions {
  return isHere ? {} : { skip: true, meta: { skippedBecause: reason } };
}
