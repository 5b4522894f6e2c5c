import type { EarlierInTheWay } from '../decide/decision.ts';
import { unitDueness } from '../decide/is-due.ts';
import { stateOfRotation } from '../history/rotation-standing.ts';
import { readRemembered } from '../journal/target-journal.ts';
import type { SecretVersion } from '../ports/secret-store.ts';
import type { RotationTools } from '../rotation-tools.ts';
import { bindingKey, type RotationUnit, targetKeyOf } from '../rotation-unit.ts';
import type { Target } from './target.ts';
import { requireStore } from './vault-access.ts';

/** In words, after its name. */
export const earlierTexts = {
  due: 'is due too and goes first',
  unfinished: 'has not published its new value',
  failed: 'has stopped or was rolled back',
} as const satisfies Record<EarlierInTheWay['because'], string>;

/**
 * The same secret in the first of the earlier environments where it holds this one back; `null` when none does. What is left to a
 * person there (`by-hand`) holds nothing back before it has begun, and `off` never does; what is merely due
 * there does not hold a person's request (`countsDue`).
 * @throws ServiceError as the vault or the records do: not to be seen is not the same as done.
 */
export async function earlierInTheWay(
  { tools, terms: { earlier }, issuer }: Pick<Target, 'tools' | 'terms' | 'issuer'>,
  { now, countsDue }: { readonly now: Date; readonly countsDue: boolean },
): Promise<EarlierInTheWay | null> {
  for (const unit of earlier) {
    const because =
      (await stoppedIn(tools, targetKeyOf(unit, issuer))) ?? (countsDue ? await dueIn(tools, unit, now) : null);
    if (because !== null) return { unit: unit.key, environment: unit.members[0].environment ?? '', because };
  }
  return null;
}

async function stoppedIn(tools: RotationTools, key: string): Promise<'unfinished' | 'failed' | null> {
  const { state } = await readRemembered(tools, key);
  const last = state.rotations.at(-1);
  if (last === undefined) return null;
  const standing = stateOfRotation(state, last);
  if (standing === 'needs-attention' || standing === 'retry-wait' || standing === 'rolled-back') return 'failed';
  return last.result === null && last.step !== 'published' ? 'unfinished' : null;
}

async function dueIn(tools: RotationTools, unit: RotationUnit, now: Date): Promise<'due' | null> {
  const { memory } = tools;
  if (unit.members.some(({ mode }) => mode !== 'automatic')) return null;
  // The last pass listed every vault: only what it saw to be due is worth a question.
  const listed = unit.members.flatMap((member) => memory.listed?.get(bindingKey(member)) ?? []);
  if (memory.listed !== null && !isDue(unit, listed, now)) return null;
  const newest: SecretVersion[] = [];
  for (const { vault, name } of unit.members) {
    const version = await requireStore(tools, vault).latest(name);
    if (version !== null) newest.push(version);
  }
  return isDue(unit, newest, now) ? 'due' : null;
}

function isDue(unit: RotationUnit, newest: readonly SecretVersion[], now: Date): boolean {
  return newest.length === unit.members.length && unitDueness(unit, newest, now).due;
}
