import { fault } from './fault.ts';

/** What can go wrong while evidence is packed, sealed or verified. */
export const evidenceFaults = {
  PERIOD_MALFORMED: fault<{ period: string }>('never', 'A period reads 2026-Q3, 2026-07, 2026 or FROM..TO with dates such as 2026-07-01.'),
  PACK_UNREADABLE: fault<{ pack: string; reason: string }>('never', 'This is not a pack that can be read. Name the folder that holds manifest.json.'),
} as const;
