import { dayMs } from '../../secrets/duration.ts';
import type { InventoriedSecret } from './audited-period.ts';

/** When a version must be replaced: its expiry or the end of the policy's validity, whichever is earlier. */
export function dueOf({ created, expires, validityDays, own }: InventoriedSecret): string | null {
  if (own === true) return null;
  const limits = [
    ...(expires === null ? [] : [Date.parse(expires)]),
    ...(validityDays === null ? [] : [Date.parse(created) + validityDays * dayMs]),
  ];
  return limits.length === 0 ? null : new Date(Math.min(...limits)).toISOString();
}
