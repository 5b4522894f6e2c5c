import { formatDuration } from './duration.ts';
import type { AccessRule, Policy, PolicyPerson } from './policy.ts';

/** One difference of two policies. */
interface PolicyDifference {
  /** Such as `secret kv-prod/token: validity from 30d to 90d`. */
  readonly description: string;
  /** Whether it allows more or demands less than before. */
  readonly widens: boolean;
}

type Member = string | number | boolean | null | readonly unknown[] | object | undefined;

/** Members whose list forbids what it does not name: a longer list, or an empty one, allows more. */
const openLists = new Set([
  'namespaces',
  'repositories',
  'branches',
  'events',
  'workflows',
  'addresses',
  'runnerLabels',
  'windows',
  'alsoPublish',
]);
/** Members whose list demands something: a shorter list demands less. */
const demandLists = new Set(['approval']);
/** Durations of which a longer one demands less. */
const limits = new Set(['validityMs', 'graceMs', 'consumersLifetimeMs']);
/** Switches that allow more where they are on, or where they are off. */
const opensWhen: ReadonlyMap<string, boolean> = new Map([
  ['forks', true],
  ['reviewed', true],
  ['sharedHost', false],
  ['protectedBranch', false],
]);

/** Lists every difference of two policies, in order of their names. A rule that is gone demands nothing any more. */
export function comparePolicies(before: Policy, after: Policy): readonly PolicyDifference[] {
  return [
    ...compareEntries('secret', before.secrets, after.secrets, { added: false, removed: true }),
    ...compareEntries('tracked secret', before.tracked, after.tracked, { added: false, removed: true }),
    ...compareEntries('namespace', before.namespaces, after.namespaces, { added: false, removed: false }),
    ...compareEntries('identity', before.identities, after.identities, { added: true, removed: false }),
    ...compareEntries('person', byName(before.people), byName(after.people), { added: true, removed: false }),
    ...compareMembers('limits', plainLimits(before), plainLimits(after)),
  ];
}

function byName(people: readonly PolicyPerson[] = []): ReadonlyMap<string, PolicyPerson> {
  return new Map(people.map((person) => [person.name, person]));
}

/** With a member for each environment, because a map has none. */
function plainLimits({ limits: { mostPerHour, mostPerHourIn, environmentOrder } }: Policy): object {
  const each = new Map([...mostPerHourIn].map(([name, most]) => [`mostPerHour in ${name}`, most]));
  return { mostPerHour, environmentOrder, ...Object.fromEntries<number>(each) };
}

function compareEntries(
  kind: string,
  before: ReadonlyMap<string, object>,
  after: ReadonlyMap<string, object>,
  widens: { readonly added: boolean; readonly removed: boolean },
): PolicyDifference[] {
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((name): PolicyDifference[] => {
    const [old, now] = [before.get(name), after.get(name)];
    const about = `${kind} ${name}`;
    if (old === undefined) return [{ description: `${about}: added`, widens: widens.added }];
    if (now === undefined) return [{ description: `${about}: removed`, widens: widens.removed }];
    return compareMembers(about, old, now);
  });
}

function compareMembers(about: string, old: object, now: object): PolicyDifference[] {
  const [before, after] = [new Map<string, Member>(Object.entries(old)), new Map<string, Member>(Object.entries(now))];
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((name): PolicyDifference[] => {
    const [from, to] = [before.get(name), after.get(name)];
    if (JSON.stringify(from) === JSON.stringify(to)) return [];
    const description = `${about}: ${name.replace(/Ms$/, '')} from ${textOf(name, from)} to ${textOf(name, to)}`;
    return [{ description, widens: isWider(name, from, to) }];
  });
}

function isWider(name: string, from: Member, to: Member): boolean {
  if (limits.has(name)) return typeof from === 'number' && typeof to === 'number' && to > from;
  if (openLists.has(name)) {
    const [old, now] = [listOf(from), listOf(to)];
    // An empty list of places to publish to publishes nowhere; every other empty list forbids nothing.
    if (name !== 'alsoPublish' && old.length > 0 && now.length === 0) return true;
    return (name === 'alsoPublish' || old.length > 0) && now.some((one) => !old.includes(one));
  }
  if (demandLists.has(name)) return listOf(from).some((one) => !listOf(to).includes(one));
  if (name === 'access') return isWiderAccess(from, to);
  if (name === 'uses') return listOf(to).some((one) => !listOf(from).includes(one));
  if (name === 'delivery') return from === 'use';
  if (name.startsWith('mostPerHour')) return typeof from === 'number' && (typeof to !== 'number' || to > from);
  const opens = opensWhen.get(name);
  if (opens !== undefined) return (to ?? false) === opens;
  return name === 'role';
}

/** A rule demands a person's approval: without it, with more who may give it, or with one that lasts longer, less is asked. */
function isWiderAccess(from: Member, to: Member): boolean {
  if (!isAccessRule(from)) return false;
  if (!isAccessRule(to)) return true;
  if (to.lastsMs > from.lastsMs || to.uses > from.uses) return true;
  if (to.approvers.some((one) => !from.approvers.includes(one))) return true;
  const [old, now] = [from.when, to.when];
  const lists = ['branches', 'events', 'workflows'] as const;
  return lists.some((list) => isWider(list, old[list], now[list])) || (old.protectedBranch && !now.protectedBranch);
}

function isAccessRule(member: Member): member is AccessRule {
  return typeof member === 'object' && member !== null && 'approvers' in member;
}

function listOf(member: Member): readonly string[] {
  return Array.isArray(member) ? member.map((one) => JSON.stringify(one)) : [];
}

function textOf(name: string, member: Member): string {
  // What a list would limit, an empty one or none does not limit at all.
  if (openLists.has(name) && name !== 'alsoPublish' && listOf(member).length === 0) return 'any';
  if (member === undefined) return 'none';
  if (name.endsWith('Ms') && typeof member === 'number') return formatDuration(member);
  if (Array.isArray(member) && member.every((one) => typeof one === 'string')) {
    return member.length === 0 ? 'none' : member.join(', ');
  }
  return typeof member === 'string' ? member : JSON.stringify(member);
}
