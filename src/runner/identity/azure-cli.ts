import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import type { AccessToken, AccessTokenSource } from './access-token.ts';
import type { IdentityPorts } from './identity-ports.ts';
import { readToken } from './read-token-answer.ts';

const kind = 'azure-cli';
/** The Azure CLI takes half a second to start, and may have to renew its sign-in. */
const timeoutMs = 60_000;

/** A person's identity: the one that the Azure CLI is signed in with. No shell, and only an `az` at an absolute path. */
export function azureCli(
  { runtime }: Pick<IdentityPorts, 'runtime'>,
  { tenantId }: { readonly tenantId: string | null },
): AccessTokenSource {
  return async (resource) => {
    const az = findOnPath('az', runtime.environment['PATH'] ?? '');
    if (az === null)
      throw new ServiceError('IDENTITY_FILE_UNREADABLE', { kind, file: 'az', reason: 'NOT_ON_THE_PATH' });
    const tenant = tenantId === null ? [] : ['--tenant', tenantId];
    const words = ['account', 'get-access-token', '--resource', resource, '--output', 'json', ...tenant];
    const { status, output } = await run(az, words);
    return tokenIn(output) ?? refuse(status);
  };
}

function refuse(status: number): never {
  const advice = 'Sign in with `az login`, and check with `az account get-access-token`.';
  throw new ServiceError('IDENTITY_REFUSED', { kind, status, reason: 'no_token', advice });
}

/** An entry of PATH that is relative would be looked up in a folder that anybody may have filled. */
function findOnPath(name: string, path: string): string | null {
  for (const folder of path.split(':')) {
    if (!folder.startsWith('/')) continue;
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // The next folder may have it.
    }
  }
  return null;
}

/** Its error output goes nowhere: it is not ours to vouch for. */
async function run(
  file: string,
  words: readonly string[],
): Promise<{ readonly status: number; readonly output: string }> {
  return await new Promise((resolve) => {
    execFile(file, [...words], { timeout: timeoutMs, maxBuffer: 1_048_576 }, (error, output) => {
      resolve({ status: error === null ? 0 : 1, output: error === null ? output : '' });
    });
  });
}

function tokenIn(output: string): AccessToken | null {
  try {
    const answer = JSON.parse(output) as { readonly accessToken?: unknown };
    return typeof answer.accessToken === 'string' ? readToken(new SecretValue(answer.accessToken)) : null;
  } catch {
    return null;
  }
}
