import type { InventorySnapshot } from '../model/audited-period.ts';
import type { KnownSecrets } from '../model/known-secrets.ts';

/** Remembers which secrets and versions the inventories of a period list. Memory grows with the number of versions alone. */
export function collectKnownSecrets(): KnownSecrets & { see(snapshot: InventorySnapshot): void } {
  const subjects = new Set<string>();
  const expiries = new Map<string, string | null>();
  let isTaken = false;
  return {
    see({ entries }) {
      isTaken = true;
      for (const { vault, secret, version, expires } of entries) {
        const subject = `${vault}/${secret}`.toLowerCase();
        subjects.add(subject);
        // The newest inventory decides: an expiry may be set later.
        expiries.set(`${subject}@${version.toLowerCase()}`, expires);
      }
    },
    get isTaken() {
      return isTaken;
    },
    has: (subject) => subjects.has(subject.toLowerCase()),
    expiryOf: (subject, version) => expiries.get(`${subject}@${version}`.toLowerCase()),
  };
}
