import { fault } from './fault.ts';

/** What can go wrong in the fetch helper. */
export const runnerFaults = {
  MANIFEST_MALFORMED: fault<{ place: string; reason: string }>('never', 'The manifest has a fault at the place named.'),
} as const;
