import { hideSecret, searchFor } from '../../src/runner/redaction/hidden-secret.ts';
import { startRedaction } from '../../src/runner/redaction/redaction.ts';
import type { RedactionCase } from './redaction-cases.ts';

const chunkBytes = 65_536;
const blockBytes = 4_194_304;
const rounds = 12;

/**
 * MB that the redaction takes in a second of processor time, pipes and start-up not counted: the best of some rounds. It
 * suffers less from other programs on the machine than the time on the clock.
 */
export async function searchSpeed({ secrets, text, megabytes }: RedactionCase): Promise<number> {
  const hidden = await Promise.all(secrets.map((secret, index) => hideSecret(`secret-${String(index)}`, secret)));
  const redaction = startRedaction(searchFor(hidden));
  const block = Buffer.from(text.repeat(Math.ceil(blockBytes / Buffer.byteLength(text))));
  let best = 0;
  for (let round = 0; round < rounds; round += 1) {
    const from = process.cpuUsage();
    let done = 0;
    while (done < (megabytes * 1_000_000) / rounds) {
      for (let at = 0; at < block.length; at += chunkBytes) {
        const chunk = block.subarray(at, at + chunkBytes);
        redaction.push(chunk);
        done += chunk.length;
      }
    }
    const { user, system } = process.cpuUsage(from);
    best = Math.max(best, done / (user + system));
  }
  return best;
}
