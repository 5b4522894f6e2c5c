import { describe, expect, it } from 'vitest';
import { keepAnswer } from '../../../src/composition/portal/kept-answer.ts';

/** An answer that counts how often it was made; each making ends when the test says so. */
function counting() {
  let clock = 0;
  let made = 0;
  const pending: { resolve: (count: number) => void; reject: (error: Error) => void }[] = [];
  const kept = keepAnswer(
    async () => {
      made += 1;
      return await new Promise<number>((resolve, reject) => {
        const count = made;
        pending.push({ resolve: () => resolve(count), reject });
      });
    },
    { freshMs: 10, staleMs: 100, monotonicMs: () => clock },
  );
  return {
    kept,
    made: () => made,
    pass: (milliseconds: number) => {
      clock += milliseconds;
    },
    finish: () => pending.shift()?.resolve(0),
    fail: () => pending.shift()?.reject(new Error('unreachable')),
  };
}

describe('a kept answer', () => {
  it('is made once for all who ask at once, and given as it is while it is fresh', async () => {
    const { kept, made, finish, pass } = counting();
    const both = [kept.get(), kept.get()];
    finish();
    expect(await Promise.all(both)).toEqual([1, 1]);
    pass(9);
    expect([await kept.get(), made()]).toEqual([1, 1]);
  });

  it('is given once more while the next is made, and waited for once it is stale', async () => {
    const { kept, made, finish, pass } = counting();
    const first = kept.get();
    finish();
    await first;
    pass(10);
    expect([await kept.get(), made()]).toEqual([1, 2]);
    finish();
    await new Promise(setImmediate);
    pass(100);
    const waited = kept.get();
    finish();
    expect(await waited).toBe(3);
  });

  it('is never one that began before somebody acted', async () => {
    const { kept, finish } = counting();
    const before = kept.get();
    kept.forget();
    const after = kept.get();
    finish();
    finish();
    expect([await before, await after, await kept.get()]).toEqual([1, 2, 2]);
  });

  it('tells a failure to whoever waited, and asks again for the next', async () => {
    const { kept, fail, finish } = counting();
    const failed = kept.get();
    fail();
    await expect(failed).rejects.toThrow('unreachable');
    const next = kept.get();
    finish();
    expect(await next).toBe(2);
  });
});
