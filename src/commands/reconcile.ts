import { composeKeyturn } from '../compose.ts';
import { type Reconciled, reconcileRotations } from '../rotation/reconcile-rotations.ts';
import type { Command } from './command.ts';
import { readWords } from './read-words.ts';
import { requireRotator } from './require-rotator.ts';

const help = `
keyturn reconcile [--plan] [--json]

One pass over all secrets, as the server makes one every five minutes: rotates what is due, resumes what stopped,
revokes what may be revoked, removes what was left over. It is set up by KEYTURN_… environment variables, as keyturn
serve is.

  --plan  says what a pass would do, one sentence each, and changes nothing

Exit codes: 0 the pass is made, 3 something stands against it, or a tag is not
obeyed (each is named).

Example: keyturn reconcile --plan
`;

/** The truth behind the events, on demand. */
export const reconcile: Command = {
  name: 'reconcile',
  summary: 'one pass: rotates what is due, resumes, revokes',
  help,
  async run(words, surroundings) {
    const { values } = readWords('reconcile', words, {
      plan: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    });
    const { print, say, progress, environment } = surroundings;
    const { rotation, settings, policy } = await composeKeyturn(environment, {
      watch: ({ vault, secret, says }) => progress(`${vault}/${secret}: ${says}`),
    });
    if (!values.plan) requireRotator('reconcile', settings);
    const result = await reconcileRotations(rotation, { plan: values.plan });
    if (values.json) print(JSON.stringify(result));
    else {
      if (policy.secrets.size === 0) print('Observe mode: no policy binds a secret, so nothing is rotated.');
      for (const line of linesOf(result, values.plan)) print(line);
    }
    for (const fault of result.faults) say(fault);
    return result.faults.length > 0 ? 3 : 0;
  },
};

function linesOf({ counts, plan }: Reconciled, isPlan: boolean): readonly string[] {
  if (isPlan) return plan.length > 0 ? plan : ['Nothing is to be done.'];
  const said = Object.entries(counts).filter(([, count]) => count > 0);
  return [
    said.length === 0 ? 'There is no secret.' : said.map(([what, count]) => `${what} ${String(count)}`).join(', '),
  ];
}
