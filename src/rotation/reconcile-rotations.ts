import { ServiceError } from '../service-error.ts';
import type { RotationTools } from './rotation-tools.ts';
import { type RotationUnit, bindingKey, unitsOf } from './rotation-unit.ts';
import { inParallel } from './in-parallel.ts';
import { type PassPause, passPause } from './pass-pause.ts';
import { planUnit } from './plan-unit.ts';
import { reconcileUnit } from './reconcile-unit.ts';
import type { SecretVersion } from './ports/secret-store.ts';
import { isStagingName } from './staging.ts';
import { tagFaults } from './tag-faults.ts';

/** Units worked on at a time: enough to hide a vault's answer times, few enough to stay under its limits. */
const atATime = 8;
/** The timer comes every five minutes; a pass ends before the next one begins. */
const defaultDeadlineMs = 240_000;

/** What a pass saw and did, in counts that are safe to print. */
export interface Reconciled {
  readonly counts: Readonly<Record<ReconcileCount, number>>;
  /** With `plan`: one exact sentence for each thing that a pass would do. */
  readonly plan: readonly string[];
  /** What stands against rotating, each as `vault/name: CODE`; of a tag that is not obeyed, `vault/name (tag NAME): CODE`. */
  readonly faults: readonly string[];
  /** The same failures, for programs. `subject`: `vault/name`, `vault/name (tag NAME)`, or a vault alone. */
  readonly failures: readonly { readonly subject: string; readonly error: ServiceError }[];
}

export const reconcileCounts = [
  'secrets',
  'bound',
  'unbound',
  'withoutExpiry',
  'due',
  'claimed',
  'advanced',
  'published',
  'ended',
  'waiting',
  'busy',
  'needsAttention',
  'leftoversRemoved',
  'tagsMalformed',
  'tagsWidened',
  'faults',
] as const;

export type ReconcileCount = (typeof reconcileCounts)[number];

/** What the parts of a pass report to. */
export interface PassNotes {
  count(what: ReconcileCount): void;
  fault(subject: string, error: ServiceError): void;
  /** Where a throttled vault makes the whole pass wait. */
  readonly pause: PassPause;
}

/**
 * One pass over everything: due secrets that no event reported, secrets without an expiry, rotations that stopped, revocations
 * whose time has come, and leftovers. The truth behind the events: calling it often enough is sufficient.
 * `plan`: looks only, and says what a pass would do and what stands against it.
 * @throws ServiceError when the records cannot be reached. A vault or provider that fails is counted as a fault.
 */
export async function reconcileRotations(
  tools: RotationTools,
  { plan = false, deadlineMs = defaultDeadlineMs }: { readonly plan?: boolean; readonly deadlineMs?: number } = {},
): Promise<Reconciled> {
  const end = tools.monotonicMs() + deadlineMs;
  const counts = Object.fromEntries(reconcileCounts.map((one) => [one, 0])) as Record<ReconcileCount, number>;
  const failures: { subject: string; error: ServiceError }[] = [];
  const notes: PassNotes = {
    count: (what) => void (counts[what] += 1),
    fault: (subject, error) => {
      counts.faults += 1;
      failures.push({ subject, error });
    },
    pause: passPause(tools, end),
  };
  const newest = await inventory(tools, notes);
  const stopped = await tools.killSwitch();
  const sentences: string[] = stopped
    ? ['The kill switch is on: nothing is claimed and no rotation takes a step.']
    : [];
  await inParallel(unitsOf(tools.policy), atATime, async (unit) => {
    await notes.pause.over();
    if (tools.monotonicMs() >= end) return;
    const tagged = noteTags(unit, newest, notes);
    await guarded(notes, unit, async () => {
      if (plan) sentences.push(...tagged, ...(await planUnit(tools, unit, newest)));
      else if (!stopped) await reconcileUnit(tools, unit, newestOf(unit, newest), notes, end);
    });
  });
  const faults = failures.map(({ subject, error }) => `${subject}: ${error.code}`);
  return { counts, plan: plan ? sentences : [], faults, failures };
}

/** The newest version of every secret of every vault, by `vault/name`. A vault that does not answer leaves its secrets out. */
async function inventory(tools: RotationTools, notes: PassNotes): Promise<ReadonlyMap<string, SecretVersion>> {
  const newest = new Map<string, SecretVersion>();
  for (const { name: vault } of tools.vaults) {
    try {
      for await (const version of tools.stores.get(vault)?.list() ?? []) {
        if (isStagingName(version.name)) continue;
        const key = bindingKey({ vault, name: version.name });
        newest.set(key, version);
        notes.count('secrets');
        notes.count(tools.policy.secrets.has(key) ? 'bound' : 'unbound');
        if (version.expires === null) notes.count('withoutExpiry');
      }
    } catch (error) {
      if (!ServiceError.is(error)) throw error;
      notes.fault(vault, error);
    }
  }
  return newest;
}

function newestOf(unit: RotationUnit, newest: ReadonlyMap<string, SecretVersion>): readonly SecretVersion[] {
  return unit.members.flatMap((member) => newest.get(bindingKey(member)) ?? []);
}

/**
 * Reports the tags of the newest versions that are not obeyed, each once a pass whatever is under way, and gives a sentence for
 * each. They stop no pass: what a tag is worth is decided where it is read.
 */
function noteTags(unit: RotationUnit, newest: ReadonlyMap<string, SecretVersion>, notes: PassNotes): readonly string[] {
  return unit.members.flatMap((member) =>
    tagFaults(member, newest.get(bindingKey(member))?.tags ?? {}).map(({ tag, error, sentence }) => {
      notes.count(error.code === 'SECRET_TAG_MALFORMED' ? 'tagsMalformed' : 'tagsWidened');
      notes.fault(`${bindingKey(member)} (tag ${tag})`, error);
      return sentence;
    }),
  );
}

/** One secret's failure must not keep the others from their turn; the journal's own failure must. */
async function guarded(notes: PassNotes, unit: RotationUnit, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!ServiceError.is(error) || error.layer === 'record-store') throw error;
    notes.fault(unit.key, error);
  }
}
