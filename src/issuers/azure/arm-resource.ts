/** An Azure resource, parsed from its id. */
export interface ArmResource {
  /** As the policy writes it, without a trailing slash. */
  readonly id: string;
  /** `Microsoft.ServiceBus/namespaces/authorizationRules`, lower-case. */
  readonly type: string;
  /** One name per level, the account or namespace first. */
  readonly names: readonly string[];
}

const segment = /^[\w.()-]{1,90}$/;
const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Parses a resource id. Returns `null` for anything else: no dot segments, no query, no encoded characters. */
export function parseArmResource(id: string): ArmResource | null {
  const [empty, subscriptions, subscription, groups, group, providers, namespace, ...rest] = id.split('/');
  const words = [subscriptions, groups, providers].map((word) => word?.toLowerCase());
  if (empty !== '' || words.join() !== 'subscriptions,resourcegroups,providers') return null;
  if (!guid.test(subscription ?? '') || rest.length === 0 || rest.length % 2 === 1) return null;
  const parts = [group ?? '', namespace ?? '', ...rest];
  if (parts.some((part) => !segment.test(part) || /^\.+$/.test(part))) return null;
  const types = rest.filter((_, index) => index % 2 === 0);
  const names = rest.filter((_, index) => index % 2 === 1);
  return { id, names, type: [namespace, ...types].join('/').toLowerCase() };
}
