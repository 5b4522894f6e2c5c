import type { InventorySnapshot } from '../model/audited-period.ts';
import { momentOf } from '../parsing/moment.ts';
import type { KnownSecrets } from '../model/known-secrets.ts';

/**
 * Remembers what the inventories of a period list, oldest first. A question about a moment is answered by the inventories
 * up to the first one after it, so that a later one changes no answer. Memory grows with the number of versions, and with
 * changes of their expiry.
 */
export function collectKnownSecrets(): KnownSecrets & { see(snapshot: InventorySnapshot): void } {
  const firstListed = new Map<string, number>();
  const expiries = new Map<string, { readonly at: number; readonly expires: string | null }[]>();
  const taken: number[] = [];
  return {
    see({ at, entries }) {
      const moment = Date.parse(at);
      taken.push(moment);
      for (const { vault, secret, version, expires } of entries) {
        const subject = `${vault}/${secret}`.toLowerCase();
        if (!firstListed.has(subject)) firstListed.set(subject, moment);
        const key = `${subject}@${version.toLowerCase()}`;
        const known = expiries.get(key);
        if (known === undefined) expiries.set(key, [{ at: moment, expires }]);
        else if (known.at(-1)?.expires !== expires) known.push({ at: moment, expires });
      }
    },
    isListed(subject, at) {
      if (taken.length === 0) return undefined;
      const moment = momentOf(at);
      const next = taken.find((one) => one >= moment);
      if (next === undefined) return undefined;
      return (firstListed.get(subject.toLowerCase()) ?? Number.POSITIVE_INFINITY) <= next;
    },
    expiryOf(subject, version, at) {
      const known = expiries.size === 0 ? undefined : expiries.get(`${subject}@${version}`.toLowerCase());
      if (known === undefined) return undefined;
      const moment = momentOf(at);
      return (known.findLast((one) => one.at <= moment) ?? known[0])?.expires;
    },
  };
}
