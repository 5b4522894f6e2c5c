import type { Rotation } from './rotation.ts';

/** How the journal says why a credential that might have been ended was left alive. */
export const leftAliveReasons = {
  publishedOver: 'kept: somebody published over the roll-back',
  oldVersionGone: 'kept: the old version is disabled or gone, so nobody can tell which value stands',
  mayBeServed: 'kept: a version that was published unseen may serve it',
} as const;

/** The reason for which a rotation that is over left what it issued alive, or `null` when it did not. */
export function leftAliveReason({ withdrawn, reasons }: Rotation): string | null {
  if (!withdrawn) return null;
  return Object.values<string>(leftAliveReasons).find((reason) => reasons.includes(reason)) ?? null;
}
