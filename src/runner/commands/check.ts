import type { WordsOf } from '../../command-line/command-row.ts';
import { harmlessLine } from '../../command-line/harmless-line.ts';
import { checkManifest, describeFault, readManifestText } from '../configuration/manifest.ts';
import type { SecretRequest, SecretSelection } from '../configuration/secret-request.ts';
import type { Runtime } from '../runtime.ts';
import type { checkRow } from '../command-rows.ts';

/**
 * `check [FILE]`: validates a manifest and prints what it requests, or all its faults. Uses no network and no secret.
 */
export async function check(
  { values: { json }, positionals: [file = 'keyturn.yml'] }: WordsOf<typeof checkRow>,
  runtime: Runtime,
): Promise<number> {
  const { manifest, faults } = await checkManifest(readManifestText(file));
  if (faults.length > 0) {
    if (json) process.stdout.write(`${JSON.stringify({ ok: false, faults })}\n`);
    else for (const fault of faults) runtime.say(describeFault(file, fault));
    return 1;
  }
  const { requests, selections } = manifest;
  const lines = [...requests.map(described), ...selections.map(selected)];
  const found = { ok: true, secrets: requests, selections };
  process.stdout.write(json ? `${JSON.stringify(found)}\n` : `${lines.map(harmlessLine).join('\n')}\n`);
  return 0;
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
