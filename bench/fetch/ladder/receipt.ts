import { childEnvironment, heldBack } from '../../../src/runner/delivery/child-environment.ts';
import { sweepLeftovers } from '../../../src/runner/delivery/sweep.ts';
import { startSession } from '../../../src/runner/session.ts';
import { runBare } from '../run-bare.ts';
import { readCall } from './read-call.ts';

/** The fifth rung: and the read as the helper makes it, with its stamp, its checks and its receipt. */
const { options, runtime } = readCall();
const session = startSession(runtime, options.patienceMs);

async function read(): Promise<string> {
  await session.prepare(options.requests);
  sweepLeftovers(runtime);
  heldBack(runtime.environment, options);
  const [fetched] = await session.fetch(options.requests);
  const value = fetched?.secret?.value.reveal() ?? '';
  childEnvironment(runtime.environment, new Map([['S0', value]]), options);
  return value;
}

void runBare(read, options.command).then((code) => process.exit(code));
