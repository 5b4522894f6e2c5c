import type { SecretVersion } from '../rotation/ports/secret-store.ts';

/**
 * Orders versions newest first. The vault guarantees no order, and `created` has whole seconds. Within one second the
 * chain that rotations write decides, because a version that names another in `rotated-from` came after it. Otherwise
 * versions are ordered by id, so that every reader sees the same order.
 * Source: rotation.md section 3.3.
 */
export function newestFirst(versions: readonly SecretVersion[]): SecretVersion[] {
  const chainLength = chainLengths(versions);
  return [...versions].sort(
    (a, b) =>
      b.created.getTime() - a.created.getTime() ||
      (chainLength.get(b.version) ?? 0) - (chainLength.get(a.version) ?? 0) ||
      (a.version < b.version ? 1 : -1),
  );
}

/** The versions that may be the newest: one, unless several were created in one second without a chain. */
export function newestCandidates(versions: readonly SecretVersion[]): SecretVersion[] {
  const ordered = newestFirst(versions);
  const chainLength = chainLengths(versions);
  const [newest] = ordered;
  return ordered.filter(
    (one) =>
      one.created.getTime() === newest?.created.getTime() &&
      chainLength.get(one.version) === chainLength.get(newest.version),
  );
}

/** For each version, the number of versions of the same second that it follows through `rotated-from`. */
function chainLengths(versions: readonly SecretVersion[]): ReadonlyMap<string, number> {
  const byVersion = new Map(versions.map((one) => [one.version, one]));
  return new Map(versions.map((one) => [one.version, lengthOf(one)]));

  function lengthOf(version: SecretVersion): number {
    const seen = new Set<string>();
    let current: SecretVersion | undefined = version;
    // Tags can be edited by hand, and so can form a cycle.
    while (current !== undefined && !seen.has(current.version)) {
      seen.add(current.version);
      const from: SecretVersion | undefined = byVersion.get(current.tags['rotated-from'] ?? '');
      current = from?.created.getTime() === version.created.getTime() ? from : undefined;
    }
    return seen.size - 1;
  }
}
