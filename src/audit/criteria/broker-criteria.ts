import type { BrokerUse } from '../../broker/history/broker-history.ts';
import type { GrantHistory } from '../../grants/history/grant-history.ts';
import { decideAccess } from '../../secrets/decide-access.ts';
import type { Policy, SecretBinding, TrackedSecret } from '../../secrets/policy.ts';
import type { ObservedMaterial } from '../model/observation.ts';
import type { Verdict } from './verdict.ts';

type Brokered = Pick<ObservedMaterial, 'policyAt' | 'brokered' | 'accessRequests'>;

/** Each value that the broker read, held against the policy of that time. A refusal is the control at work. */
export function* judgeBrokerReads({ policyAt, brokered }: Brokered): Iterable<Verdict> {
  for (const { at, vault, secret } of brokered.refusals) yield { says: 'kept', subject: `${vault}/${secret}`, at };
  for (const { reference, at, job, vault, secret } of brokered.reads) {
    const policy = policyAt(at);
    const subject = `${vault}/${secret}`;
    const entry = entryOf(policy, subject);
    const isAllowed = entry !== undefined && decideAccess(policy, entry, job).kind === 'allowed';
    const why = `the policy of that time does not open it to ${job.repository}`;
    if (isAllowed) yield { says: 'kept', subject, at };
    else yield { says: 'broken', rule: 'broker-read-outside-policy', event: reference, at, subject, why };
  }
}

/** Each request that the broker made in the place of a job, held against the uses that the policy of that time states. */
export function* judgeUses({ policyAt, brokered }: Brokered): Iterable<Verdict> {
  for (const use of brokered.uses) {
    const { reference, at, host: subject, outcome } = use;
    const why = outcome === 'refused' ? null : useFault(policyAt(at), use);
    if (why === null) yield { says: 'kept', subject, at };
    else yield { says: 'broken', rule: 'use-outside-policy', event: reference, at, subject, why };
  }
}

/** Each value that went somewhere and needs the word of a person: whether a second person approved. */
export function* judgeAccess({ policyAt, brokered, accessRequests }: Brokered): Iterable<Verdict> {
  for (const { reference, at, job, vault, secret, grant, purpose } of brokered.reads) {
    // A value that the broker only looked for went nowhere.
    if (purpose === 'search') continue;
    const subject = `${vault}/${secret}`;
    if (entryOf(policyAt(at), subject)?.access === undefined) continue;
    const fault = approvalFault(accessRequests.find((one) => one.grant === grant && one.uses.includes(reference)));
    const why = `${fault ?? ''}, for a job of ${job.repository}`;
    if (fault === null) yield { says: 'kept', subject, at };
    else yield { says: 'broken', rule: 'access-not-approved', event: reference, at, subject, why };
  }
}

function entryOf(policy: Policy, subject: string): SecretBinding | TrackedSecret | undefined {
  return policy.secrets.get(subject) ?? policy.tracked.get(subject);
}

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
