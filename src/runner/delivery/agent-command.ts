import { accessSync, constants, lstatSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { ServiceError } from '../../service-error.ts';
import type { SecretRequest, SecretSelection } from '../configuration/secret-request.ts';

/**
 * Checks the command that an agent wants to run with secrets. The runner's operator lists the commands. Each must be a
 * file at an absolute path that the agent's user can neither write nor replace, because a rewritten command could print
 * its secrets in any encoding. Values go only through descriptors, because an environment can be read back.
 * @throws ServiceError AGENT_COMMAND_REFUSED
 */
export function checkAgentCommand(
  command: readonly string[],
  requests: readonly SecretRequest[],
  selections: readonly SecretSelection[],
  allowed: readonly string[],
  user: number | undefined = process.getuid?.(),
): void {
  const [file = ''] = command;
  const refuse = (reason: string): never => {
    throw new ServiceError('AGENT_COMMAND_REFUSED', {
      command: allowed.includes(file) ? file : '(not listed)',
      reason,
    });
  };
  if (!allowed.includes(file)) refuse('it is not listed in agentCommands of the fetch configuration');
  if (selections.length > 0 || requests.some(({ target }) => target.kind !== 'descriptor'))
    refuse('agents receive secrets only by descriptor: use --fd');
  // Root can write everything, regardless of modes.
  if (user === 0) refuse('the agent runs as root and could rewrite any command');
  let real: string;
  try {
    real = realpathSync(file);
    if (!lstatSync(real).isFile()) refuse('it is not a file');
  } catch (error) {
    if (ServiceError.is(error)) throw error;
    return refuse('it does not exist');
  }
  for (const path of [...waysTo(file), ...waysTo(real)]) {
    if (isWritable(path)) refuse('the agent can write it or a folder above it');
  }
}

/** Returns a path and every folder above it. */
function waysTo(path: string): readonly string[] {
  const above = dirname(path);
  return above === path ? [path] : [path, ...waysTo(above)];
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
