import { expect, it } from 'vitest';
import { runHistory } from './run-history.ts';
import { shorten } from './shorten.ts';

const first = 1;
const histories = 2_000;

it(`holds every invariant in ${String(histories)} histories of crashes, lost answers, late requests, wrong clocks and other writers`, async () => {
  const options = { steps: 160, without: new Set<never>() };
  for (let seed = first; seed < first + histories; seed += 1) {
    const { broken } = await runHistory(seed, options);
    if (broken === null) continue;
    const { result } = await shorten(seed, options);
    expect.fail(`Seed ${String(seed)}: ${result.broken ?? broken}\n${result.trace().join('\n')}`);
  }
}, 900_000);

it('plays the same history twice for the same seed', async () => {
  const options = { steps: 160, without: new Set<never>() };
  const [one, other] = [await runHistory(7, options), await runHistory(7, options)];
  expect(one.trace()).toEqual(other.trace());
  expect(one.calls).toBe(other.calls);
  expect(one.trace().length).toBeGreaterThan(20);
});
