import { describe, expect, it } from 'vitest';
import { addressKind } from '../../src/upstream/address-kind.ts';

describe('the kind of an address', () => {
  it.each([
    ['93.184.216.34', 'public'],
    ['2606:4700:4700::1111', 'public'],
    ['10.1.2.3', 'private'],
    ['172.31.255.255', 'private'],
    ['172.32.0.1', 'public'],
    ['192.168.0.1', 'private'],
    ['100.64.0.1', 'private'],
    ['fd12::1', 'private'],
    ['127.0.0.1', 'loopback'],
    ['127.255.0.9', 'loopback'],
    ['::1', 'loopback'],
    ['169.254.169.254', 'closed'],
    ['fe80::1', 'closed'],
    ['fd00:ec2::254', 'closed'],
    ['168.63.129.16', 'closed'],
    ['100.100.100.200', 'closed'],
    ['0.0.0.0', 'closed'],
    ['::', 'closed'],
    ['255.255.255.255', 'closed'],
    ['239.1.1.1', 'closed'],
    ['192.0.2.1', 'closed'],
    // Addresses that carry another one.
    ['64:ff9b::a9fe:a9fe', 'closed'],
    ['2002:a9fe:a9fe::1', 'closed'],
    ['::7f00:1', 'closed'],
    ['localhost', 'closed'],
    ['0x7f.1', 'closed'],
    ['', 'closed'],
  ])('%s: %s', (address, kind) => {
    expect(addressKind(address)).toBe(kind);
  });

  it.each(['::ffff:127.0.0.1', '::ffff:169.254.169.254', '::ffff:10.0.0.1', '::ffff:93.184.216.34'])(
    'is not public for %s, which is one of IPv4 in disguise',
    (address) => {
      expect(addressKind(address)).not.toBe('public');
    },
  );
});
