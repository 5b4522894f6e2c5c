import type { QueryRecord } from '../../audit/model/audited-period.ts';

/**
 * The path of each query's text in a pack, by its digest. If a release changed a query within a period, two queries
 * have one name, and both paths contain the digest.
 */
export function queryPaths(queries: readonly QueryRecord[]): ReadonlyMap<string, string> {
  const bare = queries.map(({ name, sha256 }) => ({ sha256, path: `queries/${plainName(name)}` }));
  return new Map(
    bare.map(({ sha256, path }) => {
      const alone = bare.filter((one) => one.path === path).length === 1;
      return [sha256, `${alone ? path : `${path}-${sha256.slice(0, 8)}`}.kql`];
    }),
  );
}

function plainName(name: string): string {
  return name
    .replace(/\.kql$/, '')
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .replace(/^\.+/, '');
}
