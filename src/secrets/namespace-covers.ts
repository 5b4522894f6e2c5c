import type { Namespace } from './policy.ts';

/** Whether every job that the second lets in is let in by the first too, as far as their lists tell: patterns are compared as they are written. */
export function namespaceCovers(wide: Namespace, narrow: Namespace): boolean {
  const plain = (text: string) => text.toLowerCase();
  return (
    holds(wide.repositories.map(plain), narrow.repositories.map(plain)) &&
    holds(wide.branches, narrow.branches) &&
    holds(wide.events, narrow.events) &&
    holds(wide.workflows, narrow.workflows) &&
    (wide.forks || !narrow.forks) &&
    (!wide.protectedBranch || narrow.protectedBranch)
  );
}

/** An empty list forbids nothing. */
function holds(wide: readonly string[], narrow: readonly string[]): boolean {
  return wide.length === 0 || (narrow.length > 0 && narrow.every((one) => wide.includes(one)));
}
