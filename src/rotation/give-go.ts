import type { Person } from '../provenance/person.ts';
import { bindTarget } from './bind-target.ts';
import { atDesk, driveNow } from './find-target.ts';
import { asked } from './history/rotation-standing.ts';
import { openAttempt } from './journal/target-state.ts';
import type { Target } from './observe/target.ts';
import type { RotationTools } from './rotation-tools.ts';
import { bindingKey, requireUnit, type RotationUnit, unitsOf } from './rotation-unit.ts';

export interface Go {
  /** One secret, or every secret that waits in an environment, or anywhere. */
  readonly for: { readonly secret: string } | { readonly environment: string } | 'all';
  readonly by: Person;
  /** In that person's words. */
  readonly reason: string;
}

/**
 * Lets first rotations begin. A go is no approval: anybody who may operate may give it. For one secret it counts in advance too;
 * for many it counts for those that wait now. Returns the secrets that it was given for, `vault/name`.
 * @throws ServiceError `SECRET_NOT_BOUND`, or as the vault does.
 */
export async function giveGo(tools: RotationTools, go: Go): Promise<readonly string[]> {
  const given: string[] = [];
  for (const unit of unitsFor(tools, go)) {
    const target = bindTarget(tools, unit);
    const isNamed = typeof go.for === 'object' && 'secret' in go.for;
    if (!(await sayGo(target, go, isNamed))) continue;
    await driveNow(target);
    given.push(...unit.members.map(bindingKey));
  }
  return given;
}

/** Notes a go where one is waited for, and does nothing about it. `inAdvance`: where none is, too. Returns whether it did. */
export async function sayGo(
  target: Target,
  { by, reason }: Pick<Go, 'by' | 'reason'>,
  inAdvance: boolean,
): Promise<boolean> {
  return await atDesk(target, async ({ journal: { state }, say }) => {
    const open = openAttempt(state);
    const waits = open !== null && asked(state, open) === 'go';
    if (state.gone || (!waits && !inAdvance)) return false;
    await say('go', { by, text: reason });
    return true;
  });
}

function unitsFor({ policy }: RotationTools, { for: wanted }: Go): readonly RotationUnit[] {
  if (wanted === 'all') return unitsOf(policy);
  if ('secret' in wanted) return [requireUnit(policy, wanted.secret)];
  return unitsOf(policy).filter(({ members }) => members.some(({ environment }) => environment === wanted.environment));
}
