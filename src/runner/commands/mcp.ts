import type { WordsOf } from '../../command-line/command-row.ts';
import { serveTools } from '../../mcp/serve-tools.ts';
import { ServiceError } from '../../service-error.ts';
import type { mcpRow } from '../command-rows.ts';
import { helperVersion } from '../helper-version.ts';
import { httpExchange } from '../http-exchange.ts';
import { readAuthority } from '../identity/read-authority.ts';
import type { Runtime } from '../runtime.ts';
import { startSession } from '../session.ts';
import { writeAllSync } from '../write-all-sync.ts';

const instructions =
  'Lets this job use secrets that it does not hold. Ask for a secret with request_access, and write the placeholder that it ' +
  'returns into the request that make_request sends. No tool returns the value of a secret or approves a request.';

/**
 * `mcp`: serves the tools to one client, until its input ends. An agent is not jailed by this server, so the configuration
 * must allow that. @throws ServiceError COMMAND_LINE_WRONG
 */
export async function mcp(_words: WordsOf<typeof mcpRow>, runtime: Runtime): Promise<number> {
  const { configuration, job } = startSession(runtime, 0);
  const { identity: broker } = configuration;
  if (broker.kind !== 'broker') return refuse('needs a broker, which the configuration of this runner does not name');
  if (broker.jail === 'required')
    return refuse('does not jail the agent that calls it: set `jail` of the identity to `cooperative` to allow that');
  const { agentTools } = await import('../use/agent-tools.ts');
  const authority = readAuthority(configuration.authorityFile);
  const tools = agentTools({ configuration, broker, job, exchange: httpExchange, runtime, authority, patienceMs: 0 });
  await serveTools({
    name: 'keyturn-fetch',
    version: helperVersion,
    instructions,
    tools,
    input: process.stdin,
    write: (line) => writeAllSync(1, `${line}\n`),
    signal: new AbortController().signal,
  });
  return 0;
}

/** @throws ServiceError COMMAND_LINE_WRONG */
function refuse(reason: string): never {
  throw new ServiceError('COMMAND_LINE_WRONG', { place: 'mcp', reason });
}
