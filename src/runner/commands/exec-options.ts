import type { WordsOf } from '../../command-line/command-row.ts';
import { parseDuration } from '../../secrets/duration.ts';
import { ServiceError } from '../../service-error.ts';
import { isSafeVariable, parseSecretWord, type SecretRequest } from '../configuration/secret-request.ts';
import type { execRow } from '../command-rows.ts';

/** What `exec` does. */
export interface ExecOptions {
  /** Path of a manifest; `null` for none. */
  readonly manifest: string | null;
  /** Requests of the command line, in order. */
  readonly requests: readonly SecretRequest[];
  readonly command: readonly string[];
  /** How long to wait for a role and for throttling; `null` when the call does not say. */
  readonly patienceMs: number | null;
  readonly pristine: boolean;
  readonly keep: readonly string[];
  readonly noMasks: boolean;
  readonly noCommands: boolean;
  readonly allowDisk: boolean;
  readonly pinRun: boolean;
  /** The file for pins that jobs pass on to each other; `null` for the job's own folder. */
  readonly pinFile: string | null;
  /** Whether the command gets placeholders, and no value. */
  readonly use: boolean;
  /** Exit codes after which the helper reads the secrets again and runs the command once more. */
  readonly retryOn: readonly number[];
}

/**
 * The parsed call of `exec [OPTION]... -- COMMAND [ARGUMENT]...`.
 * @throws ServiceError COMMAND_LINE_WRONG with the faulty option, never with its value.
 */
export function execOptions({ values, rest: command }: WordsOf<typeof execRow>): ExecOptions {
  if (command.length === 0) wrong('--', 'the command to run follows `--`');
  if (command[0] === '') wrong('--', 'the command to run is an empty word');
  const requests = [
    ...environmentRequests(values.secret),
    ...values.file.map((word) => asFile(word)),
    ...values.fd.map((word) => asDescriptor(word)),
  ];
  return {
    manifest: values.manifest ?? null,
    requests,
    command,
    patienceMs: patience(values.wait),
    pristine: values.pristine,
    keep: values.keep,
    noMasks: values['no-masks'],
    noCommands: values['no-commands'],
    allowDisk: values['allow-disk'],
    pinRun: values['pin-run'] || values['pin-file'] !== undefined,
    pinFile: values['pin-file'] ?? null,
    use: values.use,
    retryOn: values['retry-on'].map(exitCode),
  };
}

/** The secrets of `--secret NAME=SECRET`. @throws ServiceError COMMAND_LINE_WRONG. */
export function environmentRequests(words: readonly string[]): readonly SecretRequest[] {
  return words.map((word) => asEnvironment(word));
}

/** A duration such as `30s`, in milliseconds; `null` if none is given. @throws ServiceError COMMAND_LINE_WRONG. */
export function patience(text: string | undefined): number | null {
  if (text === undefined) return null;
  return parseDuration(text) ?? wrong('--wait', 'needs a duration such as 30s or 5m');
}

function asEnvironment(word: string): SecretRequest {
  const [variable, reference] = halves('--secret', word);
  if (!isSafeVariable(variable))
    wrong('--secret', 'ENV must be a name of letters, digits and _ that programs do not obey');
  return request('--secret', reference, { kind: 'environment', variable });
}

/** `VARIABLE=[VAULT/]NAME` for a private file, or `/PATH=[VAULT/]NAME`. */
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

function exitCode(text: string): number {
  const code = /^\d{1,3}$/.test(text) ? Number(text) : 256;
  return code >= 1 && code <= 255 ? code : wrong('--retry-on', 'needs an exit code from 1 to 255');
}

function wrong(place: string, reason: string): never {
  throw new ServiceError('COMMAND_LINE_WRONG', { place, reason });
}
