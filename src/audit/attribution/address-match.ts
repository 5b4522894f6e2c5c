import { BlockList, isIP } from 'node:net';
import { memoize } from '../../provenance/memoize.ts';

/** Whether an address that the vault saw may belong to an identity; `unknown` if either side is missing. */
export type AddressMatch = 'inside' | 'outside' | 'unknown';

/** The answers by list, because rows repeat few addresses by the million. */
const lists = new WeakMap<readonly string[], (address: string) => AddressMatch>();

/** Compares with single addresses and CIDR ranges, IPv4 and IPv6. Invalid text is outside every list. */
export function matchAddress(address: string | null, allowed: readonly string[]): AddressMatch {
  if (address === null || allowed.length === 0) return 'unknown';
  let matchOne = lists.get(allowed);
  if (matchOne === undefined) {
    const list = buildBlockList(allowed);
    matchOne = memoize((one) => matchList(one, list));
    lists.set(allowed, matchOne);
  }
  return matchOne(address);
}

function matchList(address: string, list: BlockList): AddressMatch {
  const family = isIP(address);
  if (family === 0) return 'outside';
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
