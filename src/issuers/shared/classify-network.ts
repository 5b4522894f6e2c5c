import { BlockList, isIP } from 'node:net';

export type Network = 'public' | 'private' | 'loopback';

const loopback = compileRanges(['127.0.0.0/8', '::1/128']);
// RFC 1918, RFC 6598 (carriers' translation), RFC 4193.
const privateRanges = compileRanges(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7']);
// Link-local, where clouds have their identity endpoints, and Azure's own address for it; unspecified; multicast;
// reserved; and forms that embed another address, which no legitimate target needs.
const nowhere = compileRanges([
  '0.0.0.0/8',
  '169.254.0.0/16',
  '168.63.129.16/32',
  '192.0.0.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  '::ffff:0:0/96',
  '64:ff9b::/96',
  '2002::/16',
  'fe80::/10',
  'fd00:ec2::254/128',
  'ff00::/8',
]);

/** The network of an address, or `null` if nothing may be sent there. */
export function classifyNetwork(address: string): Network | null {
  if (isIP(address) === 0 || nowhere(address)) return null;
  if (loopback(address)) return 'loopback';
  return privateRanges(address) ? 'private' : 'public';
}

/** Two lists, because a mixed list treats an IPv4 address like the IPv6 address that embeds it. */
function compileRanges(ranges: readonly string[]): (address: string) => boolean {
  const [four, six] = [new BlockList(), new BlockList()];
  for (const range of ranges) {
    const [network = '', prefix = ''] = range.split('/');
    if (isIP(network) === 6) six.addSubnet(network, Number(prefix), 'ipv6');
    else four.addSubnet(network, Number(prefix), 'ipv4');
  }
  return (address) => (isIP(address) === 6 ? six.check(address, 'ipv6') : four.check(address, 'ipv4'));
}
