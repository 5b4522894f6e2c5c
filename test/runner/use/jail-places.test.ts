import { describe, expect, it } from 'vitest';
import { isWithoutNetwork } from '../../../src/runner/use/jail-grade.ts';
import { boundPaths, mountPoints } from '../../../src/runner/use/jail-places.ts';

describe("the kernel's lists", () => {
  it('name every socket with a path, and none without', () => {
    const table = [
      'Num       RefCount Protocol Flags    Type St Inode Path',
      '0000000000000000: 00000002 00000000 00010000 0001 01 22011 /var/run/docker.sock',
      '0000000000000000: 00000002 00000000 00010000 0001 01 22012 @/tmp/.X11-unix/X0',
      '0000000000000000: 00000003 00000000 00000000 0001 03 22013',
      '0000000000000000: 00000002 00000000 00010000 0005 01    14 /srv/a folder/agent.sock',
      '',
    ].join('\n');
    expect(boundPaths(table)).toEqual(['/var/run/docker.sock', '/srv/a folder/agent.sock']);
  });

  it('name what is mounted, without the root and the file systems of the kernel itself', () => {
    const table = [
      '22 27 0:21 / /proc rw,relatime - proc proc rw',
      '27 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
      '30 27 8:1 /docker.sock /host\\040engine/docker.sock rw,relatime shared:1 - tmpfs tmpfs rw',
      '31 27 0:40 / /workspace rw master:3 - overlay overlay rw',
      '',
    ].join('\n');
    expect(mountPoints(table)).toEqual(['/host engine/docker.sock', '/workspace']);
  });
});

describe('a container', () => {
  const heading = 'Iface\tDestination\tGateway\n';
  const loopback = 'Inter-|\n face |\n    lo: 0 0 0\n';
  const routes6 =
    '00000000000000000000000000000001 80 00000000000000000000000000000000 00 0 00000000 00000001 0 80200001       lo\n';

  it('is without a network if its loopback alone has routes', () => {
    expect(isWithoutNetwork(heading, routes6, loopback)).toBe(true);
    expect(isWithoutNetwork('', '', `${loopback}  sit0: 0 0 0\n`)).toBe(true);
  });

  it('has one if anything else has a route, or if it cannot be seen', () => {
    expect(isWithoutNetwork(`${heading}eth0\t00000000\t0102A8C0\n`, routes6, `${loopback}  eth0: 1 1\n`)).toBe(false);
    expect(isWithoutNetwork(heading, routes6.replace('lo', 'eth0'), `${loopback}  eth0: 1 1\n`)).toBe(false);
    expect(isWithoutNetwork('', '', '')).toBe(false);
  });
});
