import { secretSearch } from '../../src/runner/redaction/search/secret-search.ts';
import { startRedaction } from '../../src/runner/redaction/redaction.ts';
import { runCommand } from '../../src/runner/delivery/run-command.ts';

/** Runs its arguments as on a machine without mkfifo and prlimit. */
const search = secretSearch([Buffer.from('swordfish')]);
process.exit(
  await runCommand({
    command: process.argv.slice(2),
    environment: { PATH: process.env['PATH'] ?? '' },
    redactions: [startRedaction(search), startRedaction(search)],
    descriptors: new Map(),
    guardian: { coreDumpsOff: false, pipes: null, watch: () => undefined, dismiss: () => undefined },
    started: () => undefined,
    parent: { isGone: () => false, onGone: () => () => undefined, stop: () => undefined },
    say: (line) => process.stderr.write(`${line}\n`),
  }),
);
