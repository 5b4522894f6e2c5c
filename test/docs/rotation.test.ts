import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { oldValueText } from '../../src/evidence/report/describe-state.ts';
import { nextTry } from '../../src/rotation/decide/retry-budget.ts';
import type { RotationHistory } from '../../src/rotation/history/rotation-history.ts';
import { asides, stepsOf } from '../../src/rotation/ports/rotation-steps.ts';
import { lives, transitions } from '../../src/rotation/journal/transitions.ts';
import { formatDuration } from '../../src/secrets/duration.ts';
import { describeBounds, searchBounds } from '../search/search-bounds.ts';
import { searchedClasses } from '../search/small-world.ts';
import { heldBlock, markdownTable } from './held-block.ts';

const page = 'docs/rotation.md';

const says = {
  chosen: 'we choose the value: a database password',
  minted: 'the provider tells it once: a Gitea token',
  'read-back': 'the provider tells it whenever asked: a storage key',
  self: 'only its readers use it: a random value',
} as const satisfies Record<keyof typeof stepsOf, string>;

/** Every end there is; the compiler refuses this list when one is missing or unknown. */
const ends = {
  dead: 1,
  'disabled-only': 1,
  'cannot-be-shown': 1,
  'in-grace': 1,
  'in-force': 1,
  'in-force-again': 1,
  none: 1,
  'perhaps-replaced': 1,
} as const satisfies Record<RotationHistory['oldValue'], 1>;

describe('docs/rotation.md', () => {
  it('shows the steps of every class as the machine takes them', () => {
    const rows = Object.entries(stepsOf).map(([name, steps]) => [
      `\`${name}\``,
      says[name as keyof typeof stepsOf],
      steps.join(' → '),
    ]);
    const expected = markdownTable(['class', 'who knows the value', 'steps'], rows);
    heldBlock(page, 'steps', expected);
  });

  it('shows every aside with what it means and what ends it', () => {
    const rows = Object.entries(asides).map(([name, meaning]) => [`\`${name}\``, meaning]);
    const expected = markdownTable(['state', 'what it means, and what ends it'], rows);
    heldBlock(page, 'asides', expected);
  });

  it('shows when a failure is tried again, until a person must look', () => {
    const waits: string[] = [];
    const now = new Date('2026-03-09T14:00:00Z');
    for (let failed = { tries: 0, cycle: 0 }; ; ) {
      const next = nextTry(failed, now, 0.5);
      if (next === null) break;
      waits.push(formatDuration(next.retryAt.getTime() - now.getTime()));
      failed = next;
    }
    const expected = `${waits.join(', ')}.\n`;
    heldBlock(page, 'retries', expected);
  });

  it('shows the lives of a credential, and every entry with what it asks for and leads to', () => {
    const livesTable = Object.entries(lives).map(([name, meaning]) => [`\`${name}\``, meaning]);
    heldBlock(page, 'lives', markdownTable(['life', 'meaning'], livesTable));
    const rows = Object.entries(transitions).flatMap(([act, kinds]) =>
      Object.entries(kinds).map(([kind, { from = [], to = '', needs }]) => [
        `\`${act}\``,
        kind,
        from.join(', '),
        to,
        needs.join(', '),
      ]),
    );
    heldBlock(page, 'transitions', markdownTable(['act', 'kind', 'credential is', 'becomes', 'facts'], rows));
  });

  it('shows within which bounds the search walks each class', () => {
    const rows = searchedClasses.map((kind) => [kind, describeBounds(searchBounds[kind])]);
    heldBlock('docs/testing.md', 'search-bounds', markdownTable(['class', 'bounds'], rows));
  });

  it('explains every word that a report has for the end of an old value', () => {
    const words = Object.keys(ends).map((oldValue) => oldValueText({ oldValue: oldValue as keyof typeof ends }));
    const text = readFileSync(page, 'utf8');
    expect(words.filter((word) => !text.includes(`| ${word} |`))).toEqual([]);
  });
});
