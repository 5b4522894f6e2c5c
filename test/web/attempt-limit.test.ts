import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ServiceError } from '../../src/service-error.ts';
import { attemptLimit, usualLimits } from '../../src/web/attempt-limit.ts';
import { clientAddress } from '../../src/web/client-address.ts';

const limits = { perAddress: { most: 3, eachMs: 1_000 }, ofStrangers: { most: 5, eachMs: 1_000 }, knownMs: 60_000 };

function limitUnderTest(given = limits) {
  let at = 1_000_000;
  const limit = attemptLimit(() => new Date(at), given);
  const made = async (address: string, isProven = false): Promise<'made' | number> => {
    try {
      await limit.bound(
        address,
        () => Promise.resolve(),
        () => isProven,
      );
      return 'made';
    } catch (error) {
      if (ServiceError.is(error, 'TOO_MANY_ATTEMPTS')) return error.details.retryAfterSeconds;
      throw error;
    }
  };
  return { limit, made, pass: (ms: number) => void (at += ms) };
}

describe('attempts that prove nothing', () => {
  it('are made up to the most of an address, then one for each time that passes', async () => {
    const { made, pass } = limitUnderTest();
    expect([await made('a'), await made('a'), await made('a'), await made('a')]).toEqual(['made', 'made', 'made', 1]);
    pass(999);
    expect(await made('a')).toBe(1);
    pass(1);
    expect([await made('a'), await made('a')]).toEqual(['made', 1]);
  });

  it('are bounded altogether for strangers, but not for an address that proved itself lately', async () => {
    const { made, pass } = limitUnderTest();
    expect(await made('runner', true)).toBe('made');
    for (const stranger of ['a', 'b', 'c', 'd', 'e']) expect(await made(stranger)).toBe('made');
    expect(await made('f')).toBe(1);
    expect(await made('runner')).toBe('made');
    pass(limits.knownMs);
    for (let number = 0; number < 5; number += 1) await made(`stranger-${String(number)}`);
    expect(await made('runner')).toBe(1);
  });

  it('that fail by an error count too', async () => {
    const { limit, made } = limitUnderTest();
    for (let tries = 0; tries < 3; tries += 1)
      await expect(
        limit.bound(
          'a',
          () => Promise.reject(new Error('a test')),
          () => true,
        ),
      ).rejects.toThrow('a test');
    expect(await made('a')).toBe(1);
  });

  it('are never more than the allowance of the time that passed, in any order', async () => {
    const step = fc.record({
      address: fc.constantFrom('a', 'b', 'c', 'd'),
      waitMs: fc.integer({ min: -500, max: 2_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { made, pass } = limitUnderTest();
        let [passed, count] = [0, 0];
        const own = new Map<string, number>();
        for (const { address, waitMs } of steps) {
          pass(waitMs);
          passed += Math.max(0, waitMs);
          if ((await made(address)) !== 'made') continue;
          count += 1;
          own.set(address, (own.get(address) ?? 0) + 1);
        }
        // A clock that is set back and goes on again counts the way twice, which the sum of the steps forward holds too.
        expect(count).toBeLessThanOrEqual(limits.ofStrangers.most + passed / limits.ofStrangers.eachMs);
        for (const times of own.values())
          expect(times).toBeLessThanOrEqual(limits.perAddress.most + passed / limits.perAddress.eachMs);
      }),
    );
  });
});

describe('attempts that prove who asks', () => {
  it('cost nothing, and count only while they are under way', async () => {
    const { limit, made } = limitUnderTest();
    for (let tries = 0; tries < 100; tries += 1) expect(await made('a', true)).toBe('made');
    const ends: (() => void)[] = [];
    const underWay = [1, 2, 3].map(
      async () =>
        await limit.bound(
          'a',
          async () => await new Promise<void>((resolve) => void ends.push(resolve)),
          () => true,
        ),
    );
    expect(await made('a', true)).toBe(1);
    for (const end of ends) end();
    await Promise.all(underWay);
    expect(await made('a', true)).toBe('made');
  });
});

describe('the usual limits', () => {
  it('let all steps of a large machine begin at once', () => {
    expect(usualLimits.perAddress.most).toBeGreaterThanOrEqual(50);
  });
});

describe('the address for which attempts count', () => {
  const from = (headers: Record<string, string>, connection: { loopback: boolean; address?: string }) =>
    clientAddress(new Request('http://localhost/', { headers }), connection);

  it('is that of the socket, whatever the request says of itself', () => {
    const connection = { loopback: false, address: '203.0.113.9' };
    expect(from({ 'x-forwarded-for': '198.51.100.1' }, connection)).toBe('203.0.113.9');
    expect(from({}, { loopback: false, address: '::ffff:203.0.113.9' })).toBe('203.0.113.9');
  });

  it("is what a proxy of this machine or the platform's front end wrote last", () => {
    const headers = { 'x-forwarded-for': '198.51.100.1, 203.0.113.9:51512' };
    expect(from(headers, { loopback: true, address: '127.0.0.1' })).toBe('203.0.113.9');
    expect(from(headers, { loopback: false })).toBe('203.0.113.9');
    expect(from({}, { loopback: true, address: '127.0.0.1' })).toBe('this machine');
  });

  it('is one for all addresses of IPv6 that one customer has', () => {
    const at = (address: string) => from({}, { loopback: false, address });
    expect(at('2001:db8:1:2:aaaa::1')).toBe(at('2001:0db8:1:2:ffff:1:2:3'));
    expect(at('2001:db8:1:3::1')).not.toBe(at('2001:db8:1:2::1'));
    expect(from({ 'x-forwarded-for': '[2001:db8:1:2::9]:443' }, { loopback: true })).toBe(at('2001:db8:1:2::1'));
  });
});
