import { constants, openSync, readSync, writeSync } from 'node:fs';
import { outputSink } from '../../src/runner/redaction/output-sink.ts';
import { pumpOutput } from '../../src/runner/redaction/pump-output.ts';
import { startRedaction } from '../../src/runner/redaction/redaction.ts';
import { secretSearch } from '../../src/runner/redaction/search/secret-search.ts';

/**
 * The floors of a redaction, from pipe to pipe. `bare-pump.ts`: the helper's own way, with nothing to look for.
 * `bare-pump.ts blocking`: two system calls in turn, each of which waits; a helper that did this would not hear a signal
 * while the reader of its log stalls.
 */
if (process.argv[2] === 'blocking') moveBlocking();
else {
  const input = openSync('/proc/self/fd/0', constants.O_RDONLY | constants.O_NONBLOCK);
  await pumpOutput(input, startRedaction(secretSearch([])), outputSink(1)).done;
}

function moveBlocking(): void {
  const chunk = Buffer.alloc(65_536);
  for (let length = readSync(0, chunk); length > 0; length = readSync(0, chunk)) {
    for (let from = 0; from < length; ) from += writeSync(1, chunk, from, length - from);
  }
}
