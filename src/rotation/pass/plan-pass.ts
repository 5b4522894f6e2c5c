import { tightenedBinding } from '../../secrets/tightened-binding.ts';
import { boundKeys } from '../bind-target.ts';
import { isDue } from '../decide/is-due.ts';
import { type PlanLine, planTarget } from '../plan-target.ts';
import type { SecretVersion } from '../ports/secret-store.ts';
import type { RotationTools } from '../rotation-tools.ts';
import { bindingKey } from '../rotation-unit.ts';
import { tagFaults } from '../../secrets/tag-faults.ts';
import { trackedSentences } from '../tracked-end.ts';
import { guarded, nameOf, type PassNotes } from './pass-notes.ts';
import type { Candidate } from './targets-of-pass.ts';

/** What a pass would do with these targets, what holds others back, and what people must do: ascending by their text. */
export async function planPass(
  tools: RotationTools,
  found: readonly Candidate[],
  newest: ReadonlyMap<string, SecretVersion>,
  notes: PassNotes,
): Promise<readonly PlanLine[]> {
  const lines: PlanLine[] = (await tools.killSwitch())
    ? [{ group: 'stopped', text: 'The kill switch is on: nothing is begun, set, published or ended.' }]
    : [];
  for (const { target, indexed } of found)
    await guarded(notes, nameOf(target), async () => void lines.push(...(await planTarget(target, indexed))));
  const planned = new Set(found.map(({ target }) => target.key));
  const inGroup = (group: PlanLine['group'], texts: readonly string[]) => texts.map((text) => ({ group, text }));
  lines.push(
    ...inGroup('held', heldSentences(tools, newest, planned)),
    ...inGroup('people', trackedSentences(tools, newest)),
    ...inGroup('tags', tagSentences(tools, newest)),
  );
  return lines.sort((a, b) => (a.text < b.text ? -1 : 1));
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
