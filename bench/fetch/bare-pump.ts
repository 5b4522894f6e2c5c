import { constants, openSync, readSync, writeSync } from 'node:fs';
import { hideSecret, searchFor } from '../../src/runner/redaction/hidden-secret.ts';
import { outputSink } from '../../src/runner/redaction/output-sink.ts';
import { pumpOutput } from '../../src/runner/redaction/pump-output.ts';
import { type Redaction, startRedaction } from '../../src/runner/redaction/redaction.ts';
import { secretSearch } from '../../src/runner/redaction/search/secret-search.ts';
import { redactionCases } from './redaction-cases.ts';

/**
 * The floors of a redaction, from pipe to pipe. `bare-pump.ts`: the helper's own way, with nothing to look for.
 * `bare-pump.ts blocking`: two system calls in turn, each of which waits; a helper that did this would not hear a signal
 * while the reader of its log stalls. `bare-pump.ts searching`: the same, with the first case's secrets to look for.
 */
const way = process.argv[2];
if (way === 'blocking') moveBlocking(null);
else if (way === 'searching') {
  const { secrets } = redactionCases[0] ?? { secrets: [] };
  const hidden = await Promise.all(secrets.map((secret, index) => hideSecret(`secret-${String(index)}`, secret)));
  moveBlocking(startRedaction(searchFor(hidden)));
} else {
  const input = openSync('/proc/self/fd/0', constants.O_RDONLY | constants.O_NONBLOCK);
  await pumpOutput(input, startRedaction(secretSearch([])), outputSink(1)).done;
}

function moveBlocking(redaction: Redaction | null): void {
  const room = redaction?.room() ?? Buffer.alloc(65_536);
  for (let length = readSync(0, room); length > 0; length = readSync(0, room)) {
    const chunk = room.subarray(0, length);
    writeWhole(redaction?.push(chunk) ?? chunk);
  }
  if (redaction !== null) writeWhole(redaction.end());
}

function writeWhole(bytes: Buffer): void {
  for (let from = 0; from < bytes.length; ) from += writeSync(1, bytes, from);
}
