import type { Policy } from '../secrets/policy.ts';
import { tightenedBinding } from '../secrets/tightened-binding.ts';
import { ServiceError } from '../service-error.ts';
import { bindTarget, boundKeys, termsDigest, unboundTarget, unitBoundTo } from './bind-target.ts';
import { isDue } from './decide/is-due.ts';
import { unitDueness } from './decide/unit-dueness.ts';
import { type Driven, driveTarget } from './drive-target.ts';
import { stateOfRotation } from './history/rotation-standing.ts';
import { inFairTurns } from './in-fair-turns.ts';
import type { JournalAct } from './journal/journal-entry.ts';
import { changeIndex, type IndexedTarget, readIndex, unknownTarget, withTargets } from './journal/target-index.ts';
import { readJournal } from './journal/target-journal.ts';
import { aboutKey } from './journal/target-state.ts';
import { isStagingName } from './observe/staging.ts';
import type { Target } from './observe/target.ts';
import { madeElsewhere } from './made-elsewhere.ts';
import { type PlanLine, planTarget } from './plan-target.ts';
import type { SecretVersion } from './ports/secret-store.ts';
import { parseAttemptId } from './rotation-id.ts';
import type { RotationTools } from './rotation-tools.ts';
import { bindingKey, type RotationUnit, unitsOf } from './rotation-unit.ts';
import { tagFaults } from './tag-faults.ts';
import { trackedSentences } from './tracked-end.ts';

/** Targets worked on at a time: enough to hide a vault's answer times, few enough to stay under its limits. */
const atATime = 8;
/** The timer comes every five minutes; a pass ends before the next one begins. */
const defaultDeadlineMs = 240_000;
const perTargetMs = 60_000;

/** What a pass saw and did, in counts that are safe to print. */
export interface Reconciled {
  readonly counts: Readonly<Record<ReconcileCount, number>>;
  /** With `plan`: one exact sentence for each thing that a pass would do, ascending. */
  readonly plan: readonly string[];
  /** The same lines, with the kind of thing that each tells of. */
  readonly planned: readonly PlanLine[];
  /** What prevents a rotation, each as `vault/name: CODE`; of a tag that is not obeyed, `vault/name (tag NAME): CODE`. */
  readonly faults: readonly string[];
  /** The same failures, for programs. `subject`: `vault/name`, `vault/name (tag NAME)`, or a vault alone. */
  readonly failures: readonly { readonly subject: string; readonly error: ServiceError }[];
  /** What a person is called for that no rotation's own state shows, as of a secret that left the policy. */
  readonly calls: readonly PersonCalled[];
  /** The targets that were looked at and for which nobody is called and nothing failed, named as in `calls`. */
  readonly settled: readonly string[];
}

/** A call for a person about one target. `since`: when the journal first had it. */
interface PersonCalled {
  /** `vault/name`, or `group:<name>`. */
  readonly subject: string;
  readonly code: string;
  readonly since: string;
}

const reconcileCounts = [
  'secrets',
  'bound',
  'tracked',
  'managed',
  'unbound',
  'withoutExpiry',
  'due',
  'claimed',
  'advanced',
  'published',
  'ended',
  'waiting',
  'awaitingGo',
  'busy',
  'needsAttention',
  'disabled',
  'tagsMalformed',
  'tagsWidened',
  'faults',
] as const;

type ReconcileCount = (typeof reconcileCounts)[number];

interface PassNotes {
  count(what: ReconcileCount, by?: number): void;
  fault(subject: string, error: ServiceError): void;
  call(called: PersonCalled): void;
  settle(subject: string): void;
}

/**
 * One pass over all targets that are open, due, or due for a check. It is authoritative, an event is a hint: calling it often
 * enough is sufficient. It costs in proportion to those, not to what ever ran. A throttled vault holds its own targets alone,
 * and a pass begins where the last one ended.
 * `plan`: looks only, and says what a pass would do and what prevents it.
 * @throws ServiceError when the records cannot be reached. A vault or provider that fails is counted as a fault.
 */
export async function reconcileRotations(
  tools: RotationTools,
  { plan = false, deadlineMs = defaultDeadlineMs }: { readonly plan?: boolean; readonly deadlineMs?: number } = {},
): Promise<Reconciled> {
  const end = tools.monotonicMs() + deadlineMs;
  const counts = Object.fromEntries(reconcileCounts.map((one) => [one, 0])) as Record<ReconcileCount, number>;
  const failures: { subject: string; error: ServiceError }[] = [];
  const calls: PersonCalled[] = [];
  const settled: string[] = [];
  const notes: PassNotes = {
    count: (what, by = 1) => void (counts[what] += by),
    fault: (subject, error) => {
      counts.faults += 1;
      failures.push({ subject, error });
    },
    call: (called) => void calls.push(called),
    settle: (subject) => void settled.push(subject),
  };
  const newest = await inventory(tools, notes);
  tools.memory.listed = newest;
  const index = await readIndex(tools.records);
  const found = await targetsOfPass(tools, newest, index, notes);
  if (plan) {
    const stopped = await tools.killSwitch();
    const lines: PlanLine[] = stopped
      ? [{ group: 'stopped', text: 'The kill switch is on: nothing is begun, set, published or ended.' }]
      : [];
    for (const { target, indexed } of found)
      await guarded(notes, nameOf(target), async () => void lines.push(...(await planTarget(target, indexed))));
    const keys = new Set(found.map(({ target }) => target.key));
    const held = heldSentences(tools, newest, keys);
    const tracked = trackedSentences(tools, newest);
    const inGroup = (group: PlanLine['group'], texts: readonly string[]) => texts.map((text) => ({ group, text }));
    lines.push(
      ...inGroup('held', held),
      ...inGroup('people', tracked),
      ...inGroup('tags', tagSentences(tools, newest)),
    );
    const planned = lines.sort((a, b) => (a.text < b.text ? -1 : 1));
    return {
      counts,
      plan: planned.map(({ text }) => text),
      planned,
      faults: faultsOf(failures),
      failures,
      calls,
      settled,
    };
  }
  const learnt = await work(tools, found, notes, end);
  await changeIndex(tools.records, (before) => (learnt.size === 0 ? before : withTargets(before, learnt)));
  return { counts, plan: [], planned: [], faults: faultsOf(failures), failures, calls, settled };
}

function faultsOf(failures: Reconciled['failures']): readonly string[] {
  return failures.map(({ subject, error }) => `${subject}: ${error.code}`);
}

interface Candidate {
  readonly target: Target;
  readonly indexed: IndexedTarget | null;
}

/** Drives every target of the pass, several at a time. Returns what was learnt for the index. */
async function work(
  tools: RotationTools,
  found: readonly Candidate[],
  notes: PassNotes,
  end: number,
): Promise<ReadonlyMap<string, IndexedTarget>> {
  const learnt = new Map<string, IndexedTarget>();
  // Before anything is begun: a worker that dies must not leave a target that no pass looks at.
  const unlisted = found.filter(({ indexed }) => indexed?.open !== true).map(({ target }) => target);
  if (unlisted.length > 0) {
    const opened = new Map(
      unlisted.map((target) => [target.key, unknownTarget(target.terms.bindings.map(bindingKey))]),
    );
    await changeIndex(tools.records, (before) => {
      const after = new Map(before);
      for (const [key, one] of opened) after.set(key, { ...(before.get(key) ?? one), open: true });
      return after;
    });
  }
  const done = new Map<string, Set<JournalAct>>();
  const known = new Map(found.map(({ target, indexed }) => [target.key, indexed]));
  const needs = ({ target }: Candidate) => target.terms.bindings.map(({ vault }) => vault);
  await inFairTurns(tools, inTurn(found, tools.memory.lastTarget), { atATime, end, needs }, async ({ target }) => {
    tools.memory.lastTarget = target.key;
    let until: Date | null = null;
    await guarded(notes, nameOf(target), async () => {
      const deadlineMs = Math.min(perTargetMs, end - tools.monotonicMs());
      const driven = await driveTarget(target, { indexed: known.get(target.key) ?? null, deadlineMs });
      known.set(target.key, driven.indexed);
      learnt.set(target.key, driven.indexed);
      const before = done.get(target.key) ?? new Set();
      count(notes, before, driven);
      if (before.size === 0) noteCalls(notes, target, driven);
      done.set(target.key, new Set([...before, ...driven.acts]));
      if (driven.fault !== null) notes.fault(nameOf(target), driven.fault);
      else if (driven.calls.length === 0) notes.settle(nameOf(target));
      until = driven.throttledUntil;
    });
    return until;
  });
  return learnt;
}

/** Begins where the last pass of this process ended, so that a pass that runs out of time starves nobody. */
function inTurn(found: readonly Candidate[], last: string): readonly Candidate[] {
  const at = found.findIndex(({ target }) => target.key > last);
  return at < 0 ? found : [...found.slice(at), ...found.slice(0, at)];
}

/** Counts what became of one target in this pass; what it was counted as in an earlier turn of the pass is not counted again. */
function count(
  notes: PassNotes,
  before: ReadonlySet<JournalAct>,
  { outcome, acts, state, waits, calls }: Driven,
): void {
  const isFirst = before.size === 0;
  if (isFirst && (acts.length > 0 || state.rotations.some(({ result }) => result === null))) notes.count('advanced');
  notes.count('claimed', acts.filter((act) => act === 'begin').length);
  if (acts.includes('publish') && state.rotations.at(-1)?.step === 'published') notes.count('published');
  notes.count('disabled', acts.filter((act) => act === 'disable').length);
  notes.count('ended', acts.filter((act) => act === 'end').length);
  if (outcome === 'busy') notes.count('busy');
  else if (waits.length > 0 || (isFirst && outcome === 'throttled')) notes.count('waiting');
  if (waits.some(({ why }) => why === 'go')) notes.count('awaitingGo');
  if (calls.length > 0) notes.count('needsAttention');
}

/** Tells of the calls that the state of the newest rotation does not tell of: it is over, or there never was one. */
function noteCalls(notes: PassNotes, target: Target, { state, calls }: Driven): void {
  const last = state.rotations.at(-1);
  if (last !== undefined && stateOfRotation(state, last) === 'needs-attention') return;
  for (const { code, about, credential } of calls) {
    const since = state.calls.get(aboutKey(about, credential))?.at;
    if (since !== undefined) notes.call({ subject: nameOf(target), code, since });
  }
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
        notes.count(standingIn(tools.policy, key, version));
        if (version.expires === null) notes.count('withoutExpiry');
      }
    } catch (error) {
      if (!ServiceError.is(error)) throw error;
      notes.fault(vault, error);
    }
  }
  return newest;
}

/** Who replaces a secret: an issuer, people, the vault itself, or nobody known. */
function standingIn({ secrets, tracked }: Policy, key: string, { managed }: SecretVersion): ReconcileCount {
  if (secrets.has(key)) return 'bound';
  if (tracked.has(key)) return 'tracked';
  return managed === true ? 'managed' : 'unbound';
}

/** The targets that a pass works on: bound ones that are due, changed or to be looked at, and open ones that left the policy. */
async function targetsOfPass(
  tools: RotationTools,
  newest: ReadonlyMap<string, SecretVersion>,
  index: ReadonlyMap<string, IndexedTarget>,
  notes: PassNotes,
): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  const bound = new Set<string>();
  for (const unit of unitsOf(tools.policy)) {
    noteTags(unit, newest, notes);
    const isElsewhere = noteMadeElsewhere(unit, newest, notes);
    await guarded(notes, unit.key, async () => {
      const target = bindTarget(tools, unit);
      const indexed = index.get(target.key) ?? null;
      bound.add(target.key);
      const versions = unit.members.flatMap((member) => newest.get(bindingKey(member)) ?? []);
      const isWhole = versions.length === unit.members.length && !isElsewhere;
      const isUnitDue = isWhole && unitDueness(unit, versions, tools.now()).due;
      if (isUnitDue) notes.count('due');
      if (isUnitDue || mustLook(tools, target, indexed, newest)) found.push({ target, indexed });
      await Promise.resolve();
    });
  }
  for (const [key, indexed] of index) {
    const isBound = bound.has(key) && sameMembers(boundKeys(tools).get(key), indexed);
    if (isBound || !isAwake(tools, indexed)) continue;
    await guarded(notes, indexed.members.join(', ') || key, async () => {
      const { state } = await readJournal(tools.records, key);
      if (bound.has(key) && unitBoundTo(tools, state) !== null) return;
      const target = unboundTarget(tools, state);
      if (target === null) return;
      const at = found.findIndex((one) => one.target.key === key);
      // Its secrets changed while a rotation was under way: that one is finished first, by what it began with.
      if (at >= 0 && indexed.open) found.splice(at, 1, { target, indexed });
      else if (at < 0) found.push({ target, indexed });
    });
  }
  return found.sort((a, b) => (a.target.key < b.target.key ? -1 : 1));
}

function sameMembers(unit: RotationUnit | undefined, { members }: IndexedTarget): boolean {
  return unit !== undefined && (members.length === 0 || unit.members.map(bindingKey).join(' ') === members.join(' '));
}

/** Whether a target that is not due must be looked at: its time has come, its secret or its policy has changed. */
function mustLook(
  tools: RotationTools,
  { terms }: Target,
  indexed: IndexedTarget | null,
  newest: ReadonlyMap<string, SecretVersion>,
): boolean {
  // A version of ours that no index knows: the records were lost, or came back from a backup.
  if (indexed === null)
    return terms.bindings.some((one) => parseAttemptId(newest.get(bindingKey(one))?.tags['rotation-id']) !== null);
  if (isAwake(tools, indexed)) return true;
  if (indexed.open && indexed.judgedBy !== termsDigest(terms)) return true;
  const known = Object.entries(indexed.current);
  return known.some(([member, version]) => {
    const listed = newest.get(member);
    return listed !== undefined && (listed.version !== version || !listed.enabled);
  });
}

function isAwake({ now }: RotationTools, { open, wakeAt }: IndexedTarget): boolean {
  return wakeAt === null ? open : Date.parse(wakeAt) <= now().getTime();
}

function nameOf({ terms: { bindings } }: Target): string {
  const [first] = bindings;
  return first.group === null ? bindingKey(first) : `group:${first.group}`;
}

/** Reports the tags of the newest versions that are not obeyed, each once a pass whatever is under way. They stop no pass. */
function noteTags(unit: RotationUnit, newest: ReadonlyMap<string, SecretVersion>, notes: PassNotes): void {
  for (const member of unit.members) {
    for (const { tag, error } of tagFaults(member, newest.get(bindingKey(member))?.tags ?? {})) {
      notes.count(error.code === 'SECRET_TAG_MALFORMED' ? 'tagsMalformed' : 'tagsWidened');
      notes.fault(`${bindingKey(member)} (tag ${tag})`, error);
    }
  }
}

/** Reports secrets that their binding must not replace, due or not. Returns whether the unit has one. */
function noteMadeElsewhere(unit: RotationUnit, newest: ReadonlyMap<string, SecretVersion>, notes: PassNotes): boolean {
  let isElsewhere = false;
  for (const member of unit.members) {
    const error = madeElsewhere(member, newest.get(bindingKey(member)) ?? null);
    if (error === null) continue;
    isElsewhere = true;
    notes.fault(bindingKey(member), error);
  }
  return isElsewhere;
}

/** Secrets that are due and that another secret of their group, or their age, holds; and those that are not there. */
function heldSentences(
  tools: RotationTools,
  newest: ReadonlyMap<string, SecretVersion>,
  planned: ReadonlySet<string>,
): readonly string[] {
  return [...boundKeys(tools)].flatMap(([key, { members }]) => {
    if (planned.has(key)) return [];
    return members.flatMap((member) => {
      const name = bindingKey(member);
      const version = newest.get(name);
      if (version === undefined) return [`${name}: is bound, and the vault has no such secret.`];
      const dueness = isDue(version, tightenedBinding(member, version.tags).binding, tools.now());
      if (dueness.due) return [`${name}: is due, and held by another secret of its group.`];
      return dueness.because === 'too-young'
        ? [`${name}: is due, and too young before ${dueness.from?.toISOString() ?? ''}.`]
        : [];
    });
  });
}

function tagSentences({ policy }: RotationTools, newest: ReadonlyMap<string, SecretVersion>): readonly string[] {
  return [...policy.secrets.values()].flatMap((member) =>
    tagFaults(member, newest.get(bindingKey(member))?.tags ?? {}).map(({ sentence }) => sentence),
  );
}

/** One secret's failure must not keep the others from their turn; the record store's own failure must. */
async function guarded(notes: PassNotes, subject: string, turn: () => Promise<void>): Promise<void> {
  try {
    await turn();
  } catch (error) {
    if (!ServiceError.is(error) || error.layer === 'record-store') throw error;
    notes.fault(subject, error);
  }
}
