import { appendFileSync, chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceError } from '../../service-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Converts the action's inputs into a call of the helper. With `run`: `exec`, with `manifest`, `secrets` (one
 * `ENV=[VAULT/]NAME` per line) and `options` (one per line). With `outputs` (one `NAME=[VAULT/]SECRET` per line): `output`.
 * Returns `null` with neither: the helper is then only put on the PATH.
 * @throws ServiceError COMMAND_LINE_WRONG for both
 */
export function actionCall(environment: Environment): readonly string[] | null {
  const input = (name: string) => (environment[`INPUT_${name.toUpperCase()}`] ?? '').trim();
  const lines = (name: string) =>
    input(name)
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== '');
  const outputs = lines('outputs');
  if (outputs.length > 0 && input('run') !== '') {
    throw new ServiceError('COMMAND_LINE_WRONG', {
      place: 'outputs',
      reason: 'cannot be combined with run: use two steps',
    });
  }
  if (outputs.length > 0) return ['output', ...outputs.flatMap((line) => ['--secret', line])];
  if (input('run') === '') return null;
  return [
    'exec',
    ...(input('manifest') === '' ? [] : ['--manifest', input('manifest')]),
    ...lines('secrets').flatMap((line) => ['--secret', line]),
    ...lines('options').flatMap((line) => line.split(/[ =](.*)/s).filter((part) => part !== '')),
    '--',
    ...(input('shell') === '' ? ['/bin/sh', '-e', '-c'] : input('shell').split(/\s+/)),
    input('run'),
  ];
}

/** Puts `keyturn-fetch` on the PATH of the following steps. */
export function install(environment: Environment, helper: string, node: string): string {
  const folder = join(environment['RUNNER_TEMP'] ?? '/tmp', 'keyturn-bin');
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const command = join(folder, 'keyturn-fetch');
  // Uses this Node, because a later step may put another `node` first on the PATH.
  writeFileSync(command, `#!/bin/sh\nexec ${quoted(node)} ${quoted(helper)} "$@"\n`);
  chmodSync(command, 0o755);
  const path = environment['GITHUB_PATH'] ?? '';
  if (path !== '') appendFileSync(path, `${folder}\n`);
  return command;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
