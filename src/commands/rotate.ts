import { userInfo } from 'node:os';
import { composeKeyturn } from '../compose.ts';
import { listRotations, type RotationListing } from '../rotation/list-rotations.ts';
import { planRequest, requestRotation } from '../rotation/request-rotation.ts';
import type { Command, ExitCode } from './command.ts';
import { readWords, required } from './read-words.ts';
import { requireRotator } from './require-rotator.ts';

const help = `
keyturn rotate NAME [--plan] [--reason TEXT] [--emergency] [--json]

Rotates one secret now: NAME is its name, or VAULT/NAME where several vaults have one. Only a secret that the policy
binds can be rotated. It is set up by KEYTURN_… environment variables, as keyturn serve is.

  --plan         says what would be done and changes nothing
  --reason TEXT  why; it goes into the journal and into the report
  --emergency    the value has leaked: no minimum age, no grace, and the revocation may be approved at once

Exit codes: 0 under way or done, 2 refused (the reason is named), 3 not reached, or the rotation stopped.

Example: keyturn rotate payments-api-key --reason "a laptop was lost"
`;

/** A rotation because a person asks. */
export const rotate: Command = {
  name: 'rotate',
  summary: 'rotates one secret now, or says what that would do',
  help,
  async run(words, surroundings) {
    const { values, positionals } = readWords(
      'rotate',
      words,
      {
        plan: { type: 'boolean', default: false },
        reason: { type: 'string', default: 'asked on the command line' },
        emergency: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
      1,
    );
    const { print, progress, environment } = surroundings;
    const secret = required('rotate', 'NAME', positionals[0]);
    const { rotation, settings } = await composeKeyturn(environment, {
      watch: ({ vault, secret: name, says }) => progress(`${vault}/${name}: ${says}`),
    });
    if (values.plan) {
      const plan = await planRequest(rotation, secret);
      if (values.json) print(JSON.stringify({ plan }));
      else for (const sentence of plan) print(sentence);
      return 0;
    }
    requireRotator('rotate', settings);
    const { reason, emergency } = values;
    const rotationId = await requestRotation(rotation, { secret, reason, by: whoAsks(), emergency });
    const listed = await listRotations(rotation);
    const rotations = listed.filter((one) => one.rotationId.split('.')[0] === rotationId.split('.')[0]);
    if (values.json) print(JSON.stringify({ rotationId, rotations }));
    else for (const one of rotations) print(sentenceOf(one));
    return exitCodeOf(rotations);
  },
};

/** The account of the machine: whoever may run this with the rotator's identity is believed to be who they are. */
function whoAsks(): string {
  return `${userInfo().username} (command line)`;
}

function sentenceOf({ rotationId, vault, secret, state, failure, awaits }: RotationListing): string {
  const waits = awaits === null ? '' : `; a second person must approve before it may ${awaits}`;
  const failed = failure === null ? '' : `; its newest failure is ${failure}`;
  return `${vault}/${secret}: rotation ${rotationId} is ${state}${waits}${failed}.`;
}

function exitCodeOf(rotations: readonly RotationListing[]): ExitCode {
  return rotations.some(({ state }) => state === 'needs-attention' || state === 'retry-wait') ? 3 : 0;
}
