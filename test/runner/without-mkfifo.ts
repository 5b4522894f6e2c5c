import { patternIndex } from '../../src/runner/redaction/pattern-index.ts';
import { startRedaction } from '../../src/runner/redaction/redaction.ts';
import { runCommand } from '../../src/runner/delivery/run-command.ts';

/** Runs its arguments as on a machine that has neither mkfifo nor prlimit. */
const index = patternIndex([Buffer.from('swordfish')]);
process.exit(
  await runCommand({
    command: process.argv.slice(2),
    environment: { PATH: process.env['PATH'] ?? '' },
    redactions: [startRedaction(index), startRedaction(index)],
    descriptors: new Map(),
    guardian: { coreDumpsOff: false, pipes: null, watch: () => undefined, dismiss: () => undefined },
    parent: { isGone: () => false, onGone: () => () => undefined, stop: () => undefined },
    say: (line) => process.stderr.write(`${line}\n`),
  }),
);
