import { parseWords } from '../command-line/parse-words.ts';
import { type ErrorCode, ServiceError } from '../service-error.ts';
import type { ExitCode, Runtime } from './command.ts';
import { commands, program } from './command-table.ts';
import { harmlessLine } from '../command-line/harmless-line.ts';

/** Failures that mean that the command, its settings or its files were written wrongly: exit code 2. */
const wrongUse: readonly ErrorCode[] = [
  'USAGE_WRONG',
  'SETTINGS_MALFORMED',
  'POLICY_MALFORMED',
  'CONTROLS_MALFORMED',
  'PERIOD_MALFORMED',
  'PERIOD_NOT_BEGUN',
  'PACK_UNKNOWN',
  'HOST_REFUSED',
  'FOLDER_IN_USE',
  'PORT_TAKEN',
];

/** Failures that are an answer: no. Exit code 1. */
const refusals: readonly ErrorCode[] = [
  'SECRET_NOT_BOUND',
  'ROTATION_REQUEST_REFUSED',
  'ROTATION_UNKNOWN',
  'ROLL_BACK_REFUSED',
  'APPROVAL_REFUSED',
  'DECLINE_REFUSED',
  'ACCESS_ANSWER_REFUSED',
  'SECRET_TAG_MALFORMED',
  'API_TOKEN_UNKNOWN',
];

/** Runs one command to its end. Never rejects: a failure becomes a sentence on stderr (JSON with `--json`) and a code. */
export async function runCommandLine(words: readonly string[], given: Runtime): Promise<ExitCode> {
  const runtime = harmless(given);
  const json = words.includes('--json');
  const call = parseWords(program, words);
  if (call.kind === 'text') {
    for (const line of call.text.split('\n')) runtime.print(line);
    return 0;
  }
  if (call.kind === 'wrong') {
    return explain(new ServiceError('USAGE_WRONG', { command: call.command, reason: call.reason }), json, runtime);
  }
  const command = commands.find(({ row }) => row === call.row);
  try {
    return (await command?.run(call.words, runtime)) ?? 2;
  } catch (error) {
    return explain(error, json, runtime);
  }
}

/** Prints for people and programs, without anything that a terminal would obey. */
function harmless(given: Runtime): Runtime {
  const { print, say, progress } = given;
  return {
    ...given,
    print: (line, tone) => print(harmlessLine(line), tone),
    say: (line, tone) => say(harmlessLine(line), tone),
    progress: (line) => progress(harmlessLine(line)),
  };
}

function explain(error: unknown, json: boolean, { print, say }: Runtime): ExitCode {
  if (!ServiceError.is(error)) {
    // The text of a foreign error may hold a value from outside, so only its kind is printed.
    const kind = error instanceof Error ? error.name : 'unknown';
    say(`Keyturn failed with an unexpected error (${kind}). Please report this with the command that you ran.`);
    return 3;
  }
  const code = exitCodeOf(error.code);
  if (json) print(JSON.stringify({ error: { code: error.code, says: error.says, details: error.details } }));
  if (ServiceError.is(error, 'USAGE_WRONG')) {
    const { command, reason } = error.details;
    const called = command === null ? 'keyturn' : `keyturn ${command}`;
    say(command === null ? reason : `${called}: ${reason}`);
    say(`Run ${called} --help to see ${command === null ? 'the commands' : 'how it is called'}.`);
    return code;
  }
  say(`${error.code}: ${error.says}`);
  for (const [name, detail] of Object.entries(error.details)) {
    if (Array.isArray(detail)) for (const one of detail) say(`  ${String(one)}`);
    else if (detail !== null && detail !== '') say(`  ${name}: ${String(detail)}`);
  }
  return code;
}

function exitCodeOf(code: ErrorCode): ExitCode {
  if (wrongUse.includes(code)) return 2;
  return refusals.includes(code) ? 1 : 3;
}
