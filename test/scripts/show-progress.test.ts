import { describe, expect, it } from 'vitest';
import { showProgress } from '../../scripts/show-progress.mjs';

/** A clock that a test moves, and what was written. */
function stage(isTTY: boolean) {
  const written: string[] = [];
  let now = 0;
  let act: () => void = () => undefined;
  let stopped = false;
  const shown = showProgress(
    { isTTY, write: (text: string) => written.push(text) },
    {
      now: () => now,
      every: (_ms, each) => {
        act = each;
        return () => {
          stopped = true;
        };
      },
    },
  );
  return {
    shown,
    written,
    pass: (ms: number) => {
      now += ms;
      act();
    },
    stopped: () => stopped,
  };
}

describe('a long step', () => {
  it('moves on a terminal, names what runs and for how long, and leaves one sentence', () => {
    const { shown, written, pass, stopped } = stage(true);
    shown.step('Packages are fetched, 3 of at most 480');
    pass(100);
    pass(900);
    expect(written[0]).not.toBe(written[1]);
    expect(written[1]?.startsWith('\r\u001b[2K')).toBe(true);
    expect(written[1]?.endsWith(' Packages are fetched, 3 of at most 480 (1 s)')).toBe(true);
    shown.end('The packages are installed.');
    expect([written.at(-1), stopped()]).toEqual(['\r\u001b[2KThe packages are installed. (1 s)\n', true]);
  });

  it('is a sentence now and then in a file, without any control sign', () => {
    const { shown, written, pass } = stage(false);
    shown.step('Packages are read from the lock file');
    shown.step('Packages are fetched, 1 of at most 480');
    pass(10_000);
    shown.end('The packages are installed.');
    expect(written).toEqual([
      'Packages are read from the lock file.\n',
      'Packages are fetched, 1 of at most 480 (10 s).\n',
      'The packages are installed. (10 s)\n',
    ]);
  });
});
