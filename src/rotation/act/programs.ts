import type { Act } from '../decide/decision.ts';
import { countBegun } from '../observe/pace.ts';
import { disable } from './disable.ts';
import { end } from './end.ts';
import { identify } from './identify.ts';
import { issue, repair, stage, verify } from './issue.ts';
import { publish, replicate } from './publish.ts';
import { record, type Run, type Step, vaultTime } from './run.ts';

/** What only the journal has to hear of. */
const note: readonly Step<Extract<Act, { act: 'note' }>>[] = [
  async (run) => {
    const { act, target } = run;
    // An end and a staged value that were found are outcomes that no intent of this worker came before.
    const kind = act.entry === 'end' || act.entry === 'stage' ? 'outcome' : 'note';
    if (act.entry === 'begin') {
      const begun = { at: vaultTime(run).toISOString(), environment: target.terms.bindings[0].environment };
      const now = vaultTime(run);
      // Whoever was not held by the limit when this was decided is only counted, as in an emergency.
      const isHeld = run.sight.observation.seen.pace !== undefined;
      if (!(await countBegun(target.tools.records, target.tools.policy, begun, { now, isHeld }))) {
        run.over = true;
        return;
      }
    }
    await record(run, kind, act.entry, act.facts);
  },
];

const programs = { note, identify, stage, issue, verify, publish, replicate, repair, end, disable } as const;

/** The steps of one act, in order. A worker may die between any two of them. */
export function stepsOfAct(act: Act): readonly ((run: Run) => Promise<void>)[] {
  return programs[act.act] as readonly ((run: Run) => Promise<void>)[];
}
