import { stagingPlace } from '../observe/staging.ts';
import { firstMember } from '../observe/target.ts';
import { operationOn, placeIn, requireStore } from '../observe/vault-access.ts';
import { conclude, intend, requireTime, type Run, type Step } from './run.ts';

type Disable = {
  readonly act: 'disable';
  readonly member: string;
  readonly version: string;
  readonly isStaging: boolean;
};

/** Disables one version, so that nobody reads a dead value. None is deleted: a deleted name cannot be used again. */
export const disable: readonly Step<Disable>[] = [
  async (run) => {
    const { member, version } = run.act;
    await intend(run, { member, version }, [operationOn(run.target.tools, 'SecretUpdate', placeOf(run), version)]);
  },
  async (run) => {
    const { target, act, worker } = run;
    const { vault, name } = placeIn(placeOf(run));
    requireTime(run);
    await requireStore(target.tools, vault).update(name, act.version, { enabled: false });
    worker.operations.push(operationOn(target.tools, 'SecretUpdate', placeOf(run), act.version));
  },
  async (run) => {
    const { member, version } = run.act;
    await conclude(run, { member, version });
  },
];

function placeOf({ target, act }: Run<Disable>): string {
  return act.isStaging ? stagingPlace(target.tools.staging.vault, firstMember(target)) : act.member;
}
