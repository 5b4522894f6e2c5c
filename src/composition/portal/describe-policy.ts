import type { Policy, SecretBinding, TrackedSecret } from '../../secrets/policy.ts';
import { policyEntryFor } from '../../secrets/binding-for.ts';
import { formatDuration } from '../../secrets/duration.ts';

/** What the policy says of a secret, one plain sentence each. */
export function describePolicy(policy: Policy, vault: string, name: string): readonly string[] {
  const entry = policyEntryFor(policy, vault, name);
  if (entry === null)
    return ['The policy says nothing of this secret: Keyturn watches who reads it and never replaces it.'];
  const about = 'issuer' in entry ? describeBinding(entry, policy) : describeTracked(entry);
  return [...about, ...describeNamespaces(entry, policy), ...describeAccess(entry)];
}

function describeTracked({ validityMs, remindersMs, owner }: TrackedSecret): readonly string[] {
  return [
    `A person replaces it, at the latest after ${lasts(validityMs)}; Keyturn never sets it.`,
    `${owner ?? 'Nobody in particular'} is responsible.`,
    remindersMs.length === 0
      ? 'Nobody is reminded before it ends.'
      : `People are reminded ${remindersMs.map(lasts).join(', ')} before it ends.`,
  ];
}

function describeBinding(binding: SecretBinding, { limits }: Policy): readonly string[] {
  const { issuer, validityMs, graceMs, mode, first, windows, approval, group, alsoPublish, minimumAgeMs } = binding;
  const target = Object.entries(binding.target).map(([name, value]) => `${name} ${String(value)}`);
  return [
    `The issuer ${issuer} makes each new value${target.length === 0 ? '' : ` (${target.join(', ')})`}.`,
    `A value is replaced after ${lasts(validityMs)} at the latest, and never before it is ${lasts(minimumAgeMs)} old unless it has leaked.`,
    graceMs === 0 ? 'The old value ends at once.' : `The old value stays usable for ${lasts(graceMs)} after that.`,
    modes[mode],
    ...(first === 'go' ? ['Its first rotation waits until a person lets it begin.'] : []),
    ...windows.map(
      ({ days, from, to, timeZone }) =>
        `A rotation begins only on ${days.join(', ')} between ${from} and ${to} (${timeZone}).`,
    ),
    ...(approval.length === 0 ? [] : [`A second person approves before Keyturn may ${approval.join(' and ')}.`]),
    ...(group === null ? [] : [`It is published together with the other secrets of the group ${group}.`]),
    ...(alsoPublish.length === 0
      ? []
      : [`Its value also goes to ${alsoPublish.map((place) => Object.values(place).join(' ')).join('; ')}.`]),
    ...(limits.mostPerHour === null ? [] : [`At most ${String(limits.mostPerHour)} rotations begin in an hour.`]),
  ];
}

const modes = {
  automatic: 'Keyturn begins a rotation by itself when it is due.',
  'by-hand': 'Only a person begins a rotation.',
  off: 'Nobody rotates it, unless its value has leaked.',
} as const satisfies Record<SecretBinding['mode'], string>;

function describeNamespaces(
  { namespaces }: Pick<SecretBinding, 'namespaces'>,
  policy: Pick<Policy, 'namespaces'>,
): readonly string[] {
  if (namespaces.length === 0) return ['It names no namespace, so no job is outside of what may read it.'];
  return namespaces.flatMap((name) => {
    const found = policy.namespaces.get(name);
    if (found === undefined) return [];
    const { repositories, branches, events, workflows, forks, protectedBranch } = found;
    const limits = [
      repositories.length === 0 ? 'any repository' : repositories.join(', '),
      ...(branches.length === 0 ? [] : [`on ${branches.join(', ')}`]),
      ...(protectedBranch ? ['on protected branches'] : []),
      ...(events.length === 0 ? [] : [`for ${events.join(', ')}`]),
      ...(workflows.length === 0 ? [] : [`from ${workflows.join(', ')}`]),
      forks ? 'forks too' : 'never from a fork',
    ];
    return [`Jobs of the namespace ${name} may read it: ${limits.join('; ')}.`];
  });
}

function describeAccess({ access }: Pick<SecretBinding, 'access'>): readonly string[] {
  if (access === undefined) return [];
  const { approvers, lastsMs, uses } = access;
  return [
    `The broker gives it to a job only after ${approvers.join(' or ')} has approved; an approval allows ${String(uses)} ${uses === 1 ? 'read' : 'reads'} within ${lasts(lastsMs)}.`,
  ];
}

const units: Readonly<Record<string, string>> = { d: 'day', h: 'hour', m: 'minute', s: 'second' };

/** `90 days`. */
function lasts(milliseconds: number): string {
  const [, count = '0', unit = 's'] = /^(\d+)(\w)$/.exec(formatDuration(milliseconds)) ?? [];
  return `${count} ${units[unit] ?? ''}${count === '1' ? '' : 's'}`;
}
