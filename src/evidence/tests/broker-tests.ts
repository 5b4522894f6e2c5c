import { decideAccess } from '../../secrets/decide-access.ts';
import type { ControlTestFactory } from './control-test.ts';

/** Tests over what the broker did in the period. */
export const brokerTests: Readonly<Record<string, ControlTestFactory>> = {
  'broker-decides': ({ policyAt, brokered }, tally) => ({
    finish() {
      // A refusal is the control at work; whether it was needed is the policy's affair.
      tally.keep(brokered.refusals.length);
      for (const { reference, at, job, vault, secret } of brokered.reads) {
        const policy = policyAt(at);
        const subject = `${vault}/${secret}`;
        const entry = policy.secrets.get(subject) ?? policy.tracked.get(subject);
        const isAllowed = entry !== undefined && decideAccess(policy, entry, job).kind === 'allowed';
        if (isAllowed) tally.keep();
        else
          tally.deviate({
            event: reference,
            at,
            subject,
            why: `the policy of that time does not open it to ${job.repository}`,
          });
      }
    },
  }),
};
