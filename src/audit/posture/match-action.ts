import type { RoleDefinition } from '../model/posture.ts';

type Permissions = RoleDefinition['permissions'][number];

/** Whether a pattern of a role means an action: `*` stands for any text, and case does not count. */
export function matchesAction(pattern: string, action: string): boolean {
  const parts = pattern.toLowerCase().split('*');
  const text = action.toLowerCase();
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
}

/** Whether permissions hold an action: some entry grants it without taking it out again. Another entry may grant what one takes out. */
export function holdsAction(permissions: readonly Permissions[], plane: 'control' | 'data', action: string): boolean {
  return permissions.some(({ actions, notActions, dataActions, notDataActions }) => {
    const [granted, without] = plane === 'data' ? [dataActions, notDataActions] : [actions, notActions];
    return (
      granted.some((pattern) => matchesAction(pattern, action)) &&
      !without.some((pattern) => matchesAction(pattern, action))
    );
  });
}
