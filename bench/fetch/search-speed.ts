import { hideSecret, searchFor } from '../../src/runner/redaction/hidden-secret.ts';
import { startRedaction } from '../../src/runner/redaction/redaction.ts';
import type { RedactionCase } from './redaction-cases.ts';

const blockBytes = 4_194_304;
const rounds = 12;

/**
 * MB that the redaction takes in a second of processor time, pipes and start-up not counted: the best of some rounds. It
 * suffers less from other programs on the machine than the time on the clock.
 */
export async function searchSpeed({ secrets, text, megabytes }: RedactionCase): Promise<number> {
  const hidden = await Promise.all(secrets.map((secret, index) => hideSecret(`secret-${String(index)}`, secret)));
  const redaction = startRedaction(searchFor(hidden));
  const room = redaction.room();
  const block = Buffer.from(text.repeat(Math.ceil(blockBytes / Buffer.byteLength(text))));
  let best = 0;
  for (let round = 0; round < rounds; round += 1) {
    const from = process.cpuUsage();
    let done = 0;
    while (done < (megabytes * 1_000_000) / rounds) {
      for (let at = 0; at < block.length; at += room.length) {
        // As a pipe is read.
        const length = block.copy(room, 0, at);
        redaction.push(room.subarray(0, length));
        done += length;
      }
    }
    const { user, system } = process.cpuUsage(from);
    best = Math.max(best, done / (user + system));
  }
  return best;
}
