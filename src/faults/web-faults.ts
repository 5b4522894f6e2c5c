import { fault } from './fault.ts';

/** What can go wrong at the edge, where requests and events come in. */
export const webFaults = {
  EVENT_MALFORMED: fault<{ place: string; reason: string }>('never', 'The event is not one that Key Vault sends. It was recorded and nothing was done.'),
} as const;
