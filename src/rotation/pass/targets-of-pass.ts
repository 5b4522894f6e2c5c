import { bindTarget, termsDigest, unboundTarget, unitBoundTo } from '../bind-target.ts';
import { unitDueness } from '../decide/is-due.ts';
import type { IndexedTarget } from '../journal/target-index.ts';
import { readJournal } from '../journal/target-journal.ts';
import { madeElsewhere } from '../made-elsewhere.ts';
import type { Target } from '../observe/target.ts';
import type { SecretVersion } from '../ports/secret-store.ts';
import { parseAttemptId } from '../rotation-id.ts';
import type { RotationTools } from '../rotation-tools.ts';
import { bindingKey, type RotationUnit, unitsOf } from '../rotation-unit.ts';
import { tagFaults } from '../../secrets/tag-faults.ts';
import { guarded, noteFault, type PassNotes } from './pass-notes.ts';

/** A target that a pass works on, and what the index knows of it. */
export interface Candidate {
  readonly target: Target;
  readonly indexed: IndexedTarget | null;
}

/** The targets that a pass works on: bound ones that are due, changed or to be looked at, and open ones that left the policy. */
export async function targetsOfPass(
  tools: RotationTools,
  newest: ReadonlyMap<string, SecretVersion>,
  index: ReadonlyMap<string, IndexedTarget>,
  notes: PassNotes,
): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  const bound = new Map<string, RotationUnit>();
  for (const unit of unitsOf(tools.policy)) {
    noteTags(unit, newest, notes);
    const isElsewhere = noteMadeElsewhere(unit, newest, notes);
    await guarded(notes, unit.key, async () => {
      const target = bindTarget(tools, unit);
      const indexed = index.get(target.key) ?? null;
      bound.set(target.key, unit);
      const versions = unit.members.flatMap((member) => newest.get(bindingKey(member)) ?? []);
      const isWhole = versions.length === unit.members.length && !isElsewhere;
      const isUnitDue = isWhole && unitDueness(unit, versions, tools.now()).due;
      if (isUnitDue) notes.counts.due += 1;
      if (isUnitDue || mustLook(tools, target, indexed, newest)) found.push({ target, indexed });
      await Promise.resolve();
    });
  }
  for (const [key, indexed] of index) {
    const isBound = sameMembers(bound.get(key), indexed);
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

/** Reports the tags of the newest versions that are not obeyed, each once a pass whatever is under way. They stop no pass. */
function noteTags(unit: RotationUnit, newest: ReadonlyMap<string, SecretVersion>, notes: PassNotes): void {
  for (const member of unit.members) {
    for (const { tag, error } of tagFaults(member, newest.get(bindingKey(member))?.tags ?? {})) {
      notes.counts[error.code === 'SECRET_TAG_MALFORMED' ? 'tagsMalformed' : 'tagsWidened'] += 1;
      noteFault(notes, `${bindingKey(member)} (tag ${tag})`, error);
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
    noteFault(notes, bindingKey(member), error);
  }
  return isElsewhere;
}
