import { parseReceipt } from '../../provenance/parse-receipt.ts';
import type { LineMemory } from '../parsing/line-memory.ts';
import { createReceiptForm, type ReceiptForm } from './receipt-form.ts';

/** Reads receipts from their bytes, line by line, as `RowScanner` reads rows. */
export interface ReceiptScanner {
  /** The form of the line from `from` until before `to`; `null` if it has none of those that were learned. */
  match(bytes: Buffer, from: number, to: number): ReceiptForm | null;
  /** Learns the form of a line. `value`: what it says. */
  learn(line: string, value: unknown): void;
}

const mostForms = 8;
const mostLearned = 200;

/** `memory`: the one that most lines are in, if they are in one. */
export function createReceiptScanner(memory: LineMemory | null = null): ReceiptScanner {
  const forms: ReceiptForm[] = [];
  let learned = 0;
  return {
    match(bytes, from, to) {
      for (let index = 0; index < forms.length; index += 1) {
        const form = forms[index];
        if (form === undefined || !form.matches(bytes, from, to)) continue;
        // The next line probably has the same form.
        if (index > 0) forms.unshift(...forms.splice(index, 1));
        return form;
      }
      return null;
    },
    learn(line, value) {
      if (learned >= mostLearned) return;
      learned += 1;
      // Those that were posted are a member of their line, as those of the ledger are.
      const isWrapped = typeof value === 'object' && value !== null && 'receipt' in value;
      const receipt = parseReceipt(isWrapped ? value.receipt : value);
      const form = receipt === null ? null : createReceiptForm(line, receipt, isWrapped ? ['receipt'] : [], memory);
      if (form === null) return;
      forms.unshift(form);
      forms.splice(mostForms);
    },
  };
}
