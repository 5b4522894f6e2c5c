import { userInfo } from 'node:os';
import { composeKeyturn } from '../compose.ts';
import { listRotations, type RotationListing } from '../rotation/list-rotations.ts';
import { planRequest, requestRotation } from '../rotation/request-rotation.ts';
import { rollBackSecret } from '../rotation/roll-back-secret.ts';
import type { Person } from '../provenance/person.ts';
import { ServiceError } from '../service-error.ts';
import type { Command, ExitCode } from './command.ts';
import { readWords, required } from './read-words.ts';
import { requireRotator } from './require-rotator.ts';

const help = `
keyturn rotate NAME [--plan] [--reason TEXT] [--emergency] [--json]
keyturn rotate NAME --roll-back --reason TEXT [--json]

Rotates one secret now: NAME is its name, or VAULT/NAME where several vaults have one. Only a secret that the policy
binds can be rotated. It is set up by KEYTURN_… environment variables, as keyturn serve is.

  --plan         says what would be done and changes nothing
  --reason TEXT  why; it goes into the journal and into the report
  --emergency    the value has leaked: no minimum age, no grace, and the revocation may be approved at once
  --roll-back    publishes the old value again, as a new version, while it still works: before its revocation. What the
                 rotation issued is withdrawn when the readers of the new value have had their grace

Exit codes: 0 under way, done or rolled back, 2 refused (the reason is named), 3 not reached, or the rotation stopped.

Example: keyturn rotate payments-api-key --reason "a laptop was lost"
Example: keyturn rotate payments-api-key --roll-back --reason "the shop cannot sign in"
`;

/** A rotation because a person asks, or the way back from one. */
export const rotate: Command = {
  name: 'rotate',
  summary: 'rotates one secret now, rolls back, or says what would be done',
  help,
  async run(words, surroundings) {
    const { values, positionals } = readWords(
      'rotate',
      words,
      {
        plan: { type: 'boolean', default: false },
        reason: { type: 'string' },
        emergency: { type: 'boolean', default: false },
        'roll-back': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
      1,
    );
    const { print, progress, environment } = surroundings;
    const secret = required('rotate', 'NAME', positionals[0]);
    const isRollBack = values['roll-back'];
    if (isRollBack && (values.plan || values.emergency))
      throw new ServiceError('USAGE_WRONG', {
        command: 'rotate',
        reason: '--roll-back goes with neither --plan nor --emergency',
      });
    const reason = isRollBack
      ? required('rotate', '--reason', values.reason?.trim())
      : (values.reason ?? 'asked on the command line');
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
    const asked = { secret, reason, by: whoAsks() };
    const rotationId = isRollBack
      ? await rollBackSecret(rotation, asked)
      : await requestRotation(rotation, { ...asked, emergency: values.emergency });
    const listed = await listRotations(rotation);
    const rotations = listed.filter((one) => one.rotationId.split('.')[0] === rotationId.split('.')[0]);
    if (values.json) print(JSON.stringify({ rotationId, rotations }));
    else for (const one of rotations) print(sentenceOf(one));
    return exitCodeOf(rotations);
  },
};

/** The account of the machine, which proves nothing about who sits at it. */
function whoAsks(): Person {
  return { kind: 'unnamed', door: 'command-line', name: userInfo().username };
}

function sentenceOf({ rotationId, vault, secret, state, failure, awaits }: RotationListing): string {
  const waits = awaits === null ? '' : `; a second person must approve before it may ${awaits}`;
  const failed = failure === null ? '' : `; its newest failure is ${failure}`;
  return `${vault}/${secret}: rotation ${rotationId} is ${state}${waits}${failed}.`;
}

function exitCodeOf(rotations: readonly RotationListing[]): ExitCode {
  return rotations.some(({ state }) => state === 'needs-attention' || state === 'retry-wait') ? 3 : 0;
}
