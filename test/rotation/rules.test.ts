import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDue, leadMs } from '../../src/rotation/decide/is-due.ts';
import { attemptIdOf, parseAttemptId, rotationIdOf } from '../../src/rotation/rotation-id.ts';
import { nextTry } from '../../src/rotation/decide/retry-budget.ts';
import { stagingPlace } from '../../src/rotation/observe/staging.ts';
import { bindingOf, dayMs, hourMs } from './world/rotation-world.ts';

describe('the id of a rotation', () => {
  it('is the first sixteen of base32 of sha256 over address, name and version, whatever their case', () => {
    const from = { vaultUrl: 'https://KV.vault.azure.net', name: 'App', version: 'ABC' };
    const bits = [...createHash('sha256').update('https://kv.vault.azure.net\napp\nabc').digest()]
      .map((byte) => byte.toString(2).padStart(8, '0'))
      .join('');
    const expected = Array.from(
      { length: 16 },
      (_one, index) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(bits.slice(index * 5, index * 5 + 5), 2)],
    ).join('');
    expect(rotationIdOf(from)).toBe(expected);
    expect(parseAttemptId(attemptIdOf(expected, 12))).toEqual({ rotationId: expected, attempt: 12 });
    for (const wrong of ['', expected, `${expected}.0`, `${expected}.1 `, undefined])
      expect(parseAttemptId(wrong)).toBeNull();
  });
});

describe('whether a secret is due', () => {
  const created = new Date('2026-01-01T00:00:00Z');
  const version = { name: 'app', version: 'v', enabled: true, notBefore: null, contentType: null, tags: {}, created };
  const at = (days: number) => new Date(created.getTime() + days * dayMs);

  it('follows the expiry in the vault, thirty days or a third of the validity ahead', () => {
    const binding = bindingOf('app', 'random');
    expect(isDue({ ...version, expires: at(90) }, binding, at(59))).toMatchObject({
      due: false,
      because: 'not-yet',
      from: at(60),
    });
    expect(isDue({ ...version, expires: at(90) }, binding, at(60))).toMatchObject({ due: true, because: 'expires' });
    expect(isDue({ ...version, expires: at(3650) }, binding, at(60))).toMatchObject({ due: true, because: 'age' });
    expect(isDue({ ...version, expires: null }, binding, at(60))).toMatchObject({ due: true, because: 'age' });
    expect(isDue({ ...version, expires: at(1) }, null, at(60))).toMatchObject({ due: false, because: 'forbidden' });
  });

  it('never calls a version due that is just made, however short it lives', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), (validityDays) => {
        const binding = bindingOf('app', 'random', { validityMs: validityDays * dayMs });
        expect(isDue({ ...version, expires: at(validityDays) }, binding, created).due).toBe(false);
        expect(leadMs(binding.validityMs)).toBeLessThan(binding.validityMs / 2);
      }),
      { seed: 1 },
    );
    const young = isDue(
      { ...version, expires: at(0) },
      bindingOf('app', 'random'),
      new Date(created.getTime() + hourMs / 2),
    );
    expect(young).toMatchObject({ due: false, because: 'too-young' });
  });
});

it('spends its budget in six tries and three days, then leaves the rotation to a person', () => {
  let now = new Date('2026-03-01T00:00:00Z');
  const waits: number[] = [];
  let tried: { tries: number; cycle: number } | null = { tries: 0, cycle: 0 };
  while (tried !== null) {
    const next = nextTry(tried, now, 0.5);
    if (next !== null) {
      waits.push((next.retryAt.getTime() - now.getTime()) / 1000);
      now = next.retryAt;
    }
    tried = next;
  }
  const cycle = [10, 20, 40, 80, 160];
  expect(waits).toEqual([...cycle, 86_400, ...cycle, 86_400, ...cycle, 86_400, ...cycle]);
});

it('stages under a name that Key Vault takes, one for each secret', () => {
  expect(stagingPlace(null, 'kv/App')).toBe('kv/rot-pending--app');
  expect(stagingPlace('kv-staging', 'kv/app')).toBe('kv-staging/rot-pending--kv--app');
  const long = stagingPlace(null, `kv/${'x'.repeat(127)}`);
  expect(long).toMatch(/^kv\/rot-pending--[a-z2-7]{16}$/);
  expect(stagingPlace(null, `kv/${'x'.repeat(126)}`)).not.toBe(long);
});
