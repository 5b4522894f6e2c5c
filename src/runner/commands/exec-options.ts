import { parseArgs } from 'node:util';
import { parseDuration } from '../../secrets/duration.ts';
import { ServiceError } from '../../service-error.ts';
import { isSafeVariable, parseSecretWord, type SecretRequest } from '../configuration/secret-request.ts';

/** What `exec` was asked to do. */
export interface ExecOptions {
  /** Path of a manifest; `null` for none. */
  readonly manifest: string | null;
  /** Requests of the command line, in order. */
  readonly requests: readonly SecretRequest[];
  readonly command: readonly string[];
  readonly patienceMs: number;
  readonly pristine: boolean;
  readonly keep: readonly string[];
  readonly noMasks: boolean;
  readonly noCommands: boolean;
  readonly allowDisk: boolean;
  readonly pinRun: boolean;
  /** Where pins are kept, to be handed from job to job; `null` for the job's own folder. */
  readonly pinFile: string | null;
  readonly agent: boolean;
  /** Exit codes after which the secrets are read anew and the command is run once more. */
  readonly retryOn: readonly number[];
}

const options = {
  manifest: { type: 'string' },
  secret: { type: 'string', multiple: true },
  file: { type: 'string', multiple: true },
  fd: { type: 'string', multiple: true },
  wait: { type: 'string' },
  pristine: { type: 'boolean' },
  keep: { type: 'string', multiple: true },
  'no-masks': { type: 'boolean' },
  'no-commands': { type: 'boolean' },
  'allow-disk': { type: 'boolean' },
  'pin-run': { type: 'boolean' },
  'pin-file': { type: 'string' },
  agent: { type: 'boolean' },
  'retry-on': { type: 'string', multiple: true },
} as const;

/**
 * Reads `exec [OPTION]… -- COMMAND [ARGUMENT]…`.
 * @throws ServiceError COMMAND_LINE_WRONG with the option at fault; never with what was written there.
 */
export function parseExecOptions(words: readonly string[]): ExecOptions {
  const end = words.indexOf('--');
  const command = end === -1 ? [] : words.slice(end + 1);
  if (command.length === 0) wrong('--', 'the command to run follows `--`');
  const values = parse(words.slice(0, end));
  const requests = [
    ...(values.secret ?? []).map((word) => asEnvironment(word)),
    ...(values.file ?? []).map((word) => asFile(word)),
    ...(values.fd ?? []).map((word) => asDescriptor(word)),
  ];
  return {
    manifest: values.manifest ?? null,
    requests,
    command,
    patienceMs: duration(values.wait ?? '2m'),
    pristine: values.pristine ?? false,
    keep: values.keep ?? [],
    noMasks: values['no-masks'] ?? false,
    noCommands: values['no-commands'] ?? false,
    allowDisk: values['allow-disk'] ?? false,
    pinRun: values['pin-run'] ?? values['pin-file'] !== undefined,
    pinFile: values['pin-file'] ?? null,
    agent: values.agent ?? false,
    retryOn: (values['retry-on'] ?? []).map(exitCode),
  };
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    // The message of parseArgs may quote what was written; its code does not.
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const unknown = code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION';
    return wrong('exec', unknown ? 'an option is not known' : 'an option lacks its value, or a word stands alone');
  }
}

function asEnvironment(word: string): SecretRequest {
  const [variable, reference] = halves('--secret', word);
  if (!isSafeVariable(variable))
    wrong('--secret', 'ENV must be a name of letters, digits and _, and none that programs obey');
  return request('--secret', reference, { kind: 'environment', variable });
}

/** `VARIABLE=[VAULT/]NAME` for a private place, or `/PATH=[VAULT/]NAME`. */
function asFile(word: string): SecretRequest {
  const [place, reference] = halves('--file', word);
  if (/^\/\S+$/.test(place)) return request('--file', reference, { kind: 'file', path: place, variable: null });
  if (!isSafeVariable(place)) wrong('--file', 'needs an absolute path or the name of a variable');
  return request('--file', reference, { kind: 'file', path: null, variable: place });
}

function asDescriptor(word: string): SecretRequest {
  const [place, reference] = halves('--fd', word);
  if (!/^[3-9]$/.test(place)) wrong('--fd', 'the descriptor must be 3 to 9');
  return request('--fd', reference, { kind: 'descriptor', number: Number(place) });
}

function request(option: string, reference: string, target: SecretRequest['target']): SecretRequest {
  const secret = parseSecretWord(reference) ?? wrong(option, 'needs [VAULT/]NAME[@VERSION] after the equals sign');
  return { ...secret, pointer: null, target, required: true, minimumLifeMs: 0 };
}

function halves(option: string, word: string): readonly [string, string] {
  const at = word.indexOf('=');
  return at < 1 ? wrong(option, 'needs PLACE=[VAULT/]NAME[@VERSION]') : [word.slice(0, at), word.slice(at + 1)];
}

function duration(text: string): number {
  return parseDuration(text) ?? wrong('--wait', 'needs a duration such as 30s or 5m');
}

function exitCode(text: string): number {
  const code = /^\d{1,3}$/.test(text) ? Number(text) : 256;
  return code >= 1 && code <= 255 ? code : wrong('--retry-on', 'needs an exit code from 1 to 255');
}

function wrong(place: string, reason: string): never {
  throw new ServiceError('COMMAND_LINE_WRONG', { place, reason });
}
