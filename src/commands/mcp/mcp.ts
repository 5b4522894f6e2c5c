import { version } from '../../composition/version.ts';
import { serveTools } from '../../mcp/serve-tools.ts';
import { ServiceError } from '../../service-error.ts';
import type { Run } from '../command.ts';
import { agentTools } from './agent-tools.ts';
import type { mcpRow } from './mcp-row.ts';

const instructions =
  'Keyturn rotates secrets of Azure Key Vault and knows which jobs may read them and which did. These tools read and plan. ' +
  'They never return the value of a secret and change nothing: a person rotates, approves and decides.';

/** Serves the tools to one client, until its input ends. */
export const mcp: Run<typeof mcpRow> = async (_words, runtime) => {
  const { input, print, signal } = runtime;
  if (input === undefined)
    throw new ServiceError('USAGE_WRONG', { command: 'mcp', reason: 'there is no input to serve.' });
  const tools = agentTools(runtime);
  await serveTools({ name: 'keyturn', version, instructions, tools, input: input(), write: print, signal });
  return 0;
};
