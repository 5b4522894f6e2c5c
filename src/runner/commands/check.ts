import type { WordsOf } from '../../command-line/command-row.ts';
import { ServiceError } from '../../service-error.ts';
import { readManifest } from '../configuration/manifest.ts';
import type { SecretRequest, SecretSelection } from '../configuration/secret-request.ts';
import type { Runtime } from '../runtime.ts';
import type { checkRow } from '../command-rows.ts';

/**
 * `check [FILE]`: validates a manifest and prints what it requests, or its first fault. Uses no network and no secret.
 */
export async function check(
  { values: { json }, positionals: [file = 'keyturn.yml'] }: WordsOf<typeof checkRow>,
  runtime: Runtime,
): Promise<number> {
  try {
    const { requests, selections } = await readManifest(file);
    const lines = [...requests.map(described), ...selections.map(selected)];
    const found = { ok: true, secrets: requests, selections };
    process.stdout.write(json ? `${JSON.stringify(found)}\n` : `${lines.join('\n')}\n`);
    return 0;
  } catch (error) {
    if (!ServiceError.is(error, 'MANIFEST_MALFORMED')) throw error;
    if (json) process.stdout.write(`${JSON.stringify({ ok: false, ...error.details })}\n`);
    else runtime.say(error.message);
    return 1;
  }
}

function described({ vault, name, version, pointer, target, required }: SecretRequest): string {
  const secret = `${vault === null ? '' : `${vault}/`}${name}${version === null ? '' : `@${version}`}${pointer ?? ''}`;
  return `${secret} → ${describeTarget(target)}${required ? '' : ' (optional)'}`;
}

function selected({ vault, prefix, variablePrefix, required }: SecretSelection): string {
  const from = vault === null ? '' : `${vault}/`;
  return `every secret that starts with ${from}${prefix} → variables that start with ${variablePrefix}${required ? '' : ' (optional)'}`;
}

function describeTarget(target: SecretRequest['target']): string {
  switch (target.kind) {
    case 'environment':
      return `variable ${target.variable}`;
    case 'descriptor':
      return `descriptor ${String(target.number)}`;
    case 'file':
      return `file ${target.path ?? `at a private path in ${target.variable ?? ''}`}`;
  }
}
