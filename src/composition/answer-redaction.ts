import type { AnswerRedaction } from '../broker/ports/answer-redaction.ts';
import { hideSecret, searchFor } from '../runner/redaction/hidden-secret.ts';
import { ScanMemory } from '../runner/redaction/search/scan-kernel.ts';
import { startRedaction } from '../runner/redaction/redaction.ts';

/** Fewer characters occur by chance, and are not searched for. */
const leastCharacters = 4;

/** Answers are searched as the output of a job's command is. */
export const answerRedaction: AnswerRedaction = {
  canFind: (value) => value.reveal().trim().length >= leastCharacters,
  async prepare(values) {
    const hidden = await Promise.all(values.map(async ({ secret, value }) => await hideSecret(secret, value.reveal())));
    // A kernel has four megabytes of its own, and most answers are short.
    const search = searchFor(hidden, new ScanMemory({ kernel: false }));
    return () => startRedaction(search);
  },
};
