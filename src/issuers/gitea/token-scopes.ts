import type { TargetFault } from '../shared/target-shape.ts';

/** Gitea's areas of a scope. Source: models/auth/access_token_scope.go; the same from 1.24 to 1.27. */
const areas = [
  'activitypub',
  'admin',
  'misc',
  'notification',
  'organization',
  'package',
  'issue',
  'repository',
  'user',
] as const;

/** One scope that Gitea knows. */
export const scopePattern = new RegExp(`all|public-only|(?:read|write):(?:${areas.join('|')})`);

/**
 * Returns the faults of scopes that Gitea would change: it removes a read scope beside its write scope and everything beside
 * `all`, and returns all nine write scopes as `all`. The token would be created and then refused, because its scopes differ
 * from the target's.
 * Source: recorded `token-create-*` of Gitea 1.26.3.
 */
export function scopeFaults(scopes: readonly string[]): readonly TargetFault[] {
  const fault = (reason: string): TargetFault => ({ place: 'target.scopes', reason });
  const others = scopes.filter((scope) => scope !== 'public-only');
  if (others.length === 0) return [fault('must hold a scope besides public-only')];
  if (others.includes('all'))
    return others.length === 1 ? [] : [fault(`must not hold ${without(others, 'all')} beside all`)];
  if (areas.every((area) => others.includes(`write:${area}`)))
    return [fault('must be all instead of every write scope')];
  const covered = areas.filter((area) => others.includes(`read:${area}`) && others.includes(`write:${area}`));
  return covered.map((area) => fault(`must not hold read:${area} beside write:${area}, which includes it`));
}

function without(scopes: readonly string[], left: string): string {
  return scopes.filter((scope) => scope !== left).join(' and ');
}
