import { composeKeyturn } from '../../compose.ts';
import type { Composition } from '../../composition/composition.ts';
import { createAuditedSpans } from '../../composition/portal/audited-spans.ts';
import {
  type KnownSecret,
  knownSecrets,
  newestInventory,
  type SecretFacts,
} from '../../composition/portal/known-secrets.ts';
import { listRotations } from '../../rotation/list-rotations.ts';
import type { Runtime } from '../command.ts';

/** Every secret that records and policy know, by `vault/name`, with what the knowledge rests on. */
export interface KnownNow {
  readonly keyturn: Composition;
  readonly facts: SecretFacts;
  readonly known: ReadonlyMap<string, KnownSecret>;
}

/** Looks at records and policy, the same as the portal does; no vault is asked. `reads`: whether the log is audited too. */
export async function knownNow(
  { environment, now, progress, say }: Runtime,
  { reads }: { readonly reads: boolean },
): Promise<KnownNow> {
  const keyturn = await composeKeyturn(environment, { now });
  progress('Reading what was collected …');
  const inventory = await newestInventory(keyturn);
  if (inventory.length === 0) {
    say(
      'No inventory is on record yet, so secrets that no policy names are not shown. keyturn serve takes one each hour.',
    );
  }
  const rotations = await listRotations(keyturn.rotation);
  const audited = reads ? await createAuditedSpans(keyturn).usual() : null;
  const facts = { policy: keyturn.policy(), inventory, rotations, audited, now: keyturn.now() };
  return { keyturn, facts, known: knownSecrets(facts) };
}
