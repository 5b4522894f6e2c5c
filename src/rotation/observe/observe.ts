import { clockToleranceMs } from '../decide/clocks.ts';
import type { Observation, Terms } from '../decide/decision.ts';
import { windowOpensAt } from '../../secrets/policy-windows.ts';
import { readJournal } from '../journal/target-journal.ts';
import type { SecretVersion } from '../ports/secret-store.ts';
import { rotationIdOf } from '../rotation-id.ts';
import { bindingKey, placeIn } from '../rotation-unit.ts';
import { unitDueness } from '../decide/is-due.ts';
import { ServiceError } from '../../service-error.ts';
import type { Target, Worker } from './target.ts';
import { requireStore } from './vault-access.ts';

/** What was seen at once: the world, and what the policy says of it. */
export interface Sight {
  readonly observation: Observation;
  readonly terms: Terms;
}

/**
 * Reads what was added to the journal and the newest version of each secret. Changes nothing.
 * @throws ServiceError as the vault does; `RECORD_…` when the journal cannot be read; `CLOCK_DISAGREES` when a vault has not
 * told its time.
 */
export async function observe(target: Target, worker: Worker): Promise<Sight> {
  const { tools, key, terms } = target;
  worker.journal = await readJournal(tools.records, key, worker.journal);
  const newest = new Map<string, SecretVersion | null>();
  const times: Date[] = [];
  for (const binding of terms.bindings) {
    const store = requireStore(tools, binding.vault);
    newest.set(bindingKey(binding), await store.latest(binding.name));
    const time = store.serverTime();
    if (time === null) throw new ServiceError('CLOCK_DISAGREES', { vault: binding.vault, differenceSeconds: -1 });
    times.push(time);
  }
  const now = new Date(Math.max(...times.map((time) => time.getTime())));
  const ours = tools.now().getTime();
  const present = [...newest.values()].filter((one) => one !== null);
  return {
    observation: {
      now,
      clocksAgree: times.every((time) => Math.abs(time.getTime() - ours) <= clockToleranceMs),
      newest,
      remembered: new Set(worker.remembered.keys()),
      writer: worker.writer,
      setBack: worker.setBack,
      checkedAt: worker.checkedAt,
      seen: {},
    },
    terms: {
      ...terms,
      stopped: await tools.killSwitch(),
      dueness:
        present.length === newest.size
          ? unitDueness({ key, members: terms.bindings }, present, now)
          : { due: false, because: 'not-yet', from: null },
      rotationId: rotationIdOf(youngest(target, newest)),
      windowFrom: windowOpensAt(terms.bindings, now),
    },
  };
}

/** The version that a rotation begins at: the youngest, of equally old ones the first secret's. */
function youngest(
  { tools, terms: { bindings } }: Target,
  newest: ReadonlyMap<string, SecretVersion | null>,
): { vaultUrl: string; name: string; version: string } {
  let found: { member: string; version: SecretVersion } | null = null;
  for (const [member, version] of newest) {
    if (version !== null && (found === null || version.created > found.version.created)) found = { member, version };
  }
  const { vault, name } = found === null ? bindings[0] : placeIn(found.member);
  const vaultUrl = tools.vaults.find((one) => one.name === vault)?.url;
  if (vaultUrl === undefined)
    throw new ServiceError('VAULT_UNREACHABLE', { vault, reason: 'The settings do not name this vault.' });
  return { vaultUrl, name, version: found?.version.version ?? '' };
}
