import { policiesOn } from '../../audit/collection/policy-ledger.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { journalTargets } from '../../rotation/journal/target-journal.ts';
import { ServiceError } from '../../service-error.ts';

/**
 * Refuses to call it observing when the policy has gone: a process without a policy, over records that hold journals of rotations
 * or whose newest policy on record is not empty. `text`: the policy that was loaded, empty if none is configured. Once it has
 * found no such record it does not look again. Whoever wants to observe again names a policy that binds nothing.
 * @throws ServiceError `POLICY_MISSING`.
 */
export function policyGuard(records: RecordStore, text: string): () => Promise<void> {
  let isChecked = text !== '';
  return async () => {
    if (isChecked) return;
    const because = await whyMissing(records);
    if (because !== null) throw new ServiceError('POLICY_MISSING', { because });
    isChecked = true;
  };
}

async function whyMissing(records: RecordStore): Promise<string | null> {
  const newest = (await policiesOn(records)).at(-1);
  if (newest !== undefined && newest.text !== '') return `a policy was in force from ${newest.loadedAt} on`;
  for await (const target of journalTargets(records)) return `there is a journal of the target ${target}`;
  return null;
}
