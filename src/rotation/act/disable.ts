import type { ActOf } from '../decide/decision.ts';
import { stagingPlace } from '../observe/staging.ts';
import { firstMember } from '../observe/target.ts';
import { requireStore } from '../observe/vault-access.ts';
import { placeIn } from '../rotation-unit.ts';
import { conclude, intend, operated, requireTime, type Run, type Step } from './run.ts';

/** Disables one version, so that nobody reads a dead value. None is deleted: a deleted name cannot be used again. */
export const disable: readonly Step<ActOf<'disable'>>[] = [
  async (run) => await intend(run, ['SecretUpdate', placeOf(run), run.act.version]),
  async (run) => {
    const { version } = run.act;
    const { vault, name } = placeIn(placeOf(run));
    requireTime(run);
    await requireStore(run.target.tools, vault).update(name, version, { enabled: false });
    operated(run, 'SecretUpdate', placeOf(run), version);
  },
  async (run) => await conclude(run),
];

function placeOf({ target, act }: Run<ActOf<'disable'>>): string {
  return act.isStaging ? stagingPlace(target.tools.staging.vault, firstMember(target)) : act.member;
}
