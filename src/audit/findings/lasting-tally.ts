import type { FindingRule } from '../model/finding.ts';
import type { InventoriedSecret, InventorySnapshot } from '../model/audited-period.ts';
import { createFindingTally, type TalliedEvent } from './finding-tally.ts';

/** What a rule says of one secret of an inventory: its faults (none: it was kept), or nothing if it has no criterion. */
export type SecretFaults = readonly Omit<TalliedEvent, 'subject'>[] | undefined;

/**
 * Gathers exceptions that last: each begins with the first inventory that shows it and ends with the first later one that
 * does not. `judge` sees the secrets of each inventory in turn.
 */
export function createLastingTally(
  rule: FindingRule,
  judge: (secret: InventoriedSecret, snapshot: InventorySnapshot) => SecretFaults,
) {
  const tally = createFindingTally(rule);
  const open = new Map<string, { readonly subject: string; readonly key: string }>();
  return {
    seeInventory(snapshot: InventorySnapshot): ReadonlyMap<string, 'broken' | 'kept'> {
      const said = new Map<string, 'broken' | 'kept'>();
      const still = new Set<string>();
      const versions = new Map<string, InventoriedSecret>();
      for (const secret of snapshot.entries) {
        const subject = `${secret.vault}/${secret.secret}`;
        versions.set(subject, secret);
        const faults = judge(secret, snapshot);
        if (faults === undefined) continue;
        said.set(subject, faults.length === 0 ? 'kept' : 'broken');
        for (const fault of faults) {
          const key = fault.key ?? '';
          tally.add({ ...fault, subject });
          open.set(`${subject}\n${key}`, { subject, key });
          still.add(`${subject}\n${key}`);
        }
      }
      for (const [name, { subject, key }] of open) {
        if (still.has(name)) continue;
        tally.end(subject, key, endOf(versions.get(subject), subject, snapshot.at));
        open.delete(name);
      }
      return said;
    },
    findings: () => tally.findings(),
  };
}

/** A new version ends an exception when it was created; any other change when an inventory first showed it. */
function endOf(now: InventoriedSecret | undefined, subject: string, at: string): { at: string; by: string } {
  if (now === undefined) return { at, by: `${subject} is no longer listed` };
  return { at, by: `${subject}@${now.version}` };
}
