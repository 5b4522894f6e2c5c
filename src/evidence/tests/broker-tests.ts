import type { BrokerUse } from '../../broker/history/broker-history.ts';
import type { GrantHistory } from '../../grants/history/grant-history.ts';
import { decideAccess } from '../../secrets/decide-access.ts';
import type { Policy, SecretBinding, TrackedSecret } from '../../secrets/policy.ts';
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
  'uses-as-stated': ({ policyAt, brokered }, tally) => ({
    finish() {
      for (const use of brokered.uses) {
        const { reference, at, host, outcome } = use;
        const why = outcome === 'refused' ? null : useFault(policyAt(at), use);
        if (why === null) tally.keep();
        else tally.deviate({ event: reference, at, subject: host, why });
      }
    },
  }),
  'access-approved': ({ policyAt, brokered, accessRequests }, tally) => ({
    finish() {
      for (const { reference, at, job, vault, secret, grant, purpose } of brokered.reads) {
        // A value that the broker only looked for went nowhere.
        if (purpose === 'search') continue;
        const policy = policyAt(at);
        const subject = `${vault}/${secret}`;
        const entry = policy.secrets.get(subject) ?? policy.tracked.get(subject);
        if (entry?.access === undefined) continue;
        const why = approvalFault(accessRequests.find((one) => one.grant === grant && one.uses.includes(reference)));
        if (why === null) tally.keep();
        else tally.deviate({ event: reference, at, subject, why: `${why}, for a job of ${job.repository}` });
      }
    },
  }),
};

/** What of a request the policy does not state; `null` if it states all of it. */
function useFault(policy: Policy, use: BrokerUse): string | null {
  const carriesNone = use.secrets.length === 0;
  const keys = carriesNone ? [...policy.secrets.keys(), ...policy.tracked.keys()] : use.secrets;
  const stated = keys.filter((key) => {
    const entry = policy.secrets.get(key) ?? policy.tracked.get(key);
    return entry !== undefined && decideAccess(policy, entry, use.job).kind === 'allowed' && statesUse(entry, use);
  });
  if (stated.length === keys.length || (carriesNone && stated.length > 0)) return null;
  return `the policy of that time does not state ${use.method} of ${use.path ?? ''} for ${use.job.repository}`;
}

function statesUse(
  { uses = [] }: SecretBinding | TrackedSecret,
  { method, host, path }: Pick<BrokerUse, 'method' | 'host' | 'path'>,
): boolean {
  const [name = '', port = '443'] = host.split(':');
  return uses.some(
    (one) =>
      one.hosts.includes(name) &&
      one.port === Number(port) &&
      one.methods.includes(method) &&
      path !== null &&
      one.paths.includes(path),
  );
}

/** Why a read was not approved by a second person; `null` if it was. */
function approvalFault(request: GrantHistory | undefined): string | null {
  const answer = request?.answer ?? null;
  if (request === undefined || answer?.says !== 'approved') return 'nobody approved it';
  if (answer.breakGlass) return 'one person alone approved it, by break-glass';
  const { triggeredBy, author } = request.request;
  const isSecond =
    answer.by.kind === 'signed-in' &&
    answer.account !== null &&
    triggeredBy !== null &&
    author !== null &&
    answer.account !== triggeredBy.id &&
    answer.account !== author.id;
  return isSecond ? null : 'who approved it is not shown to be neither the author nor the one who started the run';
}
