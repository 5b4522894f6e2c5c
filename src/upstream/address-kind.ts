import { BlockList, isIP, isIPv4 } from 'node:net';

/** Where an address leads: `closed` is never a service that the policy could mean. */
export type AddressKind = 'public' | 'private' | 'loopback' | 'closed';

const loopback = listOf(['127.0.0.0/8', '::1/128']);
const privateNetworks = listOf(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7']);
/**
 * Link-local (the metadata service of every cloud), Azure's own service in each machine, and what is no address of a host.
 * Sources: the special-purpose registries of IANA (RFC 6890); Microsoft Learn, "What is IP address 168.63.129.16?".
 */
const closed = listOf([
  '0.0.0.0/8',
  '169.254.0.0/16',
  '168.63.129.16/32',
  '100.100.100.200/32',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '::/128',
  'fd00:ec2::254/128',
  'fe80::/9',
  'ff00::/8',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
]);
/** Addresses of IPv6 that carry one of IPv4: the network behind may lead to it. */
const carriers = listOf(['::/96', '::ffff:0:0/96', '64:ff9b::/96', '64:ff9b:1::/48', '2002::/16']);

/** The kind of an IP address. */
export function addressKind(address: string): AddressKind {
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  if (isIP(address) === 0 || closed.check(address, family)) return 'closed';
  if (loopback.check(address, family)) return 'loopback';
  if (privateNetworks.check(address, family)) return 'private';
  return family === 'ipv6' && carriers.check(address, family) ? 'closed' : 'public';
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', length = ''] = range.split('/');
    list.addSubnet(address, Number(length), isIPv4(address) ? 'ipv4' : 'ipv6');
  }
  return list;
}
