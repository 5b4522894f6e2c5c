import { describe, expect, it } from 'vitest';
import { runSoak } from '../soak/run-soak.ts';

describe('two self-hosted servers on one folder of records', () => {
  // `npm run soak` is the long form; docs/testing.md says what it does.
  it('lose nothing and do nothing twice while they are killed and everything around them fails', {
    timeout: 300_000,
  }, async () => {
    const lines: string[] = [];
    const { broken, figures } = await runSoak({
      seed: 7,
      troubleMs: 24_000,
      speed: 150,
      size: 3,
      killEveryMs: 6_000,
      progress: (line) => lines.push(line),
      line: () => undefined,
      keep: null,
    });
    expect(broken, lines.join('\n')).toEqual([]);
    // The soak itself is at fault if it saw nothing happen.
    const counted = Object.fromEntries(figures);
    expect(counted['rotations published']).toBeGreaterThan(3);
    expect(counted['jobs']).toBeGreaterThan(5);
    expect(counted['calls for a person']).toBeGreaterThan(3);
  });
});
