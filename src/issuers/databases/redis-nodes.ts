import type { RedisTopology } from './redis-session.ts';

/** One server of a target, as `host:port` without brackets. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** The target's own address first, then its further nodes, none twice. */
export function nodesOf({
  host,
  port,
  nodes,
}: RedisNode & { readonly nodes: readonly string[] }): readonly RedisNode[] {
  const all = [`${host}:${String(port)}`, ...nodes];
  return [...new Set(all)].map((one) => {
    const at = one.lastIndexOf(':');
    return { host: one.slice(0, at), port: Number(one.slice(at + 1)) };
  });
}

/**
 * Why the named nodes are not all that hold the users of a deployment; `null` if they are. Redis replicates keys, not
 * users: on a node that is left out the old password stays alive, and after a failover the new one is refused.
 * `seen`: what each named node says of itself, none left out. Source: Redis, "ACL", "INFO" and "CLUSTER INFO".
 */
export function missingNodes(seen: readonly RedisTopology[]): string | null {
  if (seen.some(({ role }) => role === 'sentinel'))
    return 'a node is a Sentinel: name the servers that it watches instead';
  const clusterNodes = Math.max(...seen.map((one) => one.clusterNodes));
  if (clusterNodes > seen.length) return `the cluster has ${String(clusterNodes)} nodes: name each in target.nodes`;
  const replicas = seen.filter(({ role }) => role === 'replica').length;
  const connected = seen.reduce((sum, one) => sum + one.replicas, 0);
  if (connected > replicas)
    return `${String(connected)} replicas are connected and ${String(replicas)} are named: name each in target.nodes`;
  return replicas === seen.length ? 'all named nodes are replicas: name the master in target.nodes too' : null;
}
