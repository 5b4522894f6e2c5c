import { BlockList, isIP } from 'node:net';

/** Whether an address that the vault saw may belong to an identity; `unknown` if either side is missing. */
export type AddressMatch = 'inside' | 'outside' | 'unknown';

const lists = new WeakMap<readonly string[], BlockList>();

/** Compares with single addresses and CIDR ranges, IPv4 and IPv6. Invalid text is outside every list. */
export function matchAddress(address: string | null, allowed: readonly string[]): AddressMatch {
  if (address === null || allowed.length === 0) return 'unknown';
  const family = isIP(address);
  if (family === 0) return 'outside';
  let list = lists.get(allowed);
  if (list === undefined) {
    list = buildBlockList(allowed);
    lists.set(allowed, list);
  }
  return list.check(address, family === 6 ? 'ipv6' : 'ipv4') ? 'inside' : 'outside';
}

function buildBlockList(allowed: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of allowed) {
    const [address = '', prefix] = entry.split('/');
    const family = isIP(address);
    if (family === 0) continue; // The policy's parser has already refused it; it matches nothing here.
    const kind = family === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, kind);
    else list.addSubnet(address, Number(prefix), kind);
  }
  return list;
}
