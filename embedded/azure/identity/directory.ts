import { randomUUID } from 'node:crypto';

/** Entra's groups: members are object ids, of groups too. */
export interface Directory {
  /** Makes a group and returns its object id. */
  addGroup(members: readonly string[]): string;
  /** Every member of a group, through nested groups; `null` if there is no such group. */
  transitiveMembers(group: string): readonly string[] | null;
  /** Every group that an object is in, through nested groups. */
  groupsOf(objectId: string): readonly string[];
  /** Lets a principal read groups, as the application role `GroupMember.Read.All` does. */
  letReadGroups(objectId: string): void;
  mayReadGroups(objectId: string): boolean;
}

export function createDirectory(): Directory {
  const groups = new Map<string, readonly string[]>();
  const readers = new Set<string>();
  const members = (group: string, seen: Set<string>): Set<string> => {
    for (const member of groups.get(group) ?? []) {
      if (seen.has(member)) continue;
      seen.add(member);
      if (groups.has(member)) members(member, seen);
    }
    return seen;
  };
  return {
    addGroup(wanted) {
      const id = randomUUID();
      groups.set(id, [...wanted]);
      return id;
    },
    transitiveMembers: (group) => (groups.has(group) ? [...members(group, new Set())] : null),
    groupsOf: (objectId) => [...groups.keys()].filter((group) => members(group, new Set()).has(objectId)),
    letReadGroups(objectId) {
      readers.add(objectId);
    },
    mayReadGroups: (objectId) => readers.has(objectId),
  };
}
