import { createKnownTexts } from './known-texts.ts';
import type { LineMemory } from './line-memory.ts';
import { createRowForm, type RowForm } from './row-form.ts';

/**
 * Reads the fields of rows from their bytes. Rows come by the million in a few forms, and to find their contents takes less
 * time than to make an object of each.
 */
export interface RowScanner {
  /** The form of the line from `from` until before `to`, which reads it; `null` if it has none of those that were learned. */
  match(bytes: Buffer, from: number, to: number): RowForm | null;
  /** Learns the form of a line that is one row. `value` is what it says. */
  learn(line: string, value: unknown): void;
}

/** Forms that are tried for each line. */
const mostForms = 12;
/** A source whose rows have ever new forms is not worth learning. */
const mostLearned = 500;

/** `memory`: the one that most lines are in, if they are in one. */
export function createRowScanner(memory: LineMemory | null = null): RowScanner {
  const forms: RowForm[] = [];
  const texts = createKnownTexts();
  let learned = 0;
  function match(bytes: Buffer, from: number, to: number): RowForm | null {
    for (let index = 0; index < forms.length; index += 1) {
      const form = forms[index];
      if (form === undefined || !form.matches(bytes, from, to)) continue;
      // The next line probably has the same form.
      if (index > 0) forms.unshift(...forms.splice(index, 1));
      return form;
    }
    return null;
  }
  return {
    match,
    learn(line, value) {
      if (learned >= mostLearned) return;
      learned += 1;
      const form = createRowForm(line, value, texts, memory);
      if (form === null) return;
      forms.unshift(form);
      forms.splice(mostForms);
    },
  };
}
