import { type ErrorCode, ServiceError } from '../service-error.ts';
import type { Command, ExitCode, Surroundings } from './command.ts';
import { harmlessLine } from './harmless-line.ts';

/** Every command there is. Each is loaded when it is called: `verify` needs nothing that talks to a network. */
const commands: ReadonlyMap<string, () => Promise<Command>> = new Map(
  Object.entries({
    start: async () => (await import('./start.ts')).start,
    serve: async () => (await import('./serve.ts')).serve,
    adopt: async () => (await import('./adopt.ts')).adopt,
    rotate: async () => (await import('./rotate.ts')).rotate,
    reconcile: async () => (await import('./reconcile.ts')).reconcile,
    attribute: async () => (await import('./attribute.ts')).attribute,
    report: async () => (await import('./report.ts')).report,
    verify: async () => (await import('./verify.ts')).verify,
    explain: async () => (await import('./explain.ts')).explain,
    doctor: async () => (await import('./doctor.ts')).doctor,
  }),
);

const wrongUse: readonly ErrorCode[] = [
  'USAGE_WRONG',
  'SETTINGS_MALFORMED',
  'POLICY_MALFORMED',
  'PERIOD_MALFORMED',
  'PACK_UNKNOWN',
  'HOST_REFUSED',
  'SECRET_NOT_BOUND',
  'ROTATION_REQUEST_REFUSED',
  'ROLL_BACK_REFUSED',
  'SECRET_TAG_MALFORMED',
];

/** Runs one command to its end. Never rejects: a failure becomes a sentence on stderr (JSON with `--json`) and a code. */
export async function runCommandLine(words: readonly string[], given: Surroundings): Promise<ExitCode> {
  const surroundings = harmless(given);
  const [name = '--help', ...rest] = words;
  if (name === '--help' || name === 'help' || name === '-h') return await help(rest[0], surroundings);
  const load = commands.get(name);
  if (load === undefined) {
    surroundings.say(`There is no command ${name}. Run keyturn --help to see those there are.`);
    return 2;
  }
  const command = await load();
  if (rest.includes('--help') || rest.includes('-h')) return await help(name, surroundings);
  try {
    return await command.run(rest, surroundings);
  } catch (error) {
    return explain(error, rest.includes('--json'), surroundings);
  }
}

/** What is printed for people and programs, without anything that a terminal would obey. */
function harmless(given: Surroundings): Surroundings {
  const { print, say, progress } = given;
  return {
    ...given,
    print: (line) => print(harmlessLine(line)),
    say: (line) => say(harmlessLine(line)),
    progress: (line) => progress(harmlessLine(line)),
  };
}

function explain(error: unknown, json: boolean, { print, say }: Surroundings): ExitCode {
  if (!ServiceError.is(error)) {
    // Text of a foreign error may hold what came from outside, a value among it: its kind is all that is printed.
    const kind = error instanceof Error ? error.name : 'unknown';
    say(`Keyturn failed in a way it does not know (${kind}). Please report this with the command that you ran.`);
    return 3;
  }
  const code = wrongUse.includes(error.code) ? 2 : 3;
  if (json) print(JSON.stringify({ error: { code: error.code, says: error.says, details: error.details } }));
  say(`${error.code}: ${error.says}`);
  for (const [name, detail] of Object.entries(error.details)) {
    if (Array.isArray(detail)) for (const one of detail) say(`  ${String(one)}`);
    else if (detail !== null) say(`  ${name}: ${String(detail)}`);
  }
  return code;
}

async function help(name: string | undefined, { print, say }: Surroundings): Promise<ExitCode> {
  if (name !== undefined) {
    const load = commands.get(name);
    if (load === undefined) {
      say(`There is no command ${name}.`);
      return 2;
    }
    print((await load()).help.trim());
    return 0;
  }
  print('keyturn rotates the secrets that Gitea pipelines take from Azure Key Vault, and proves who read what.\n');
  for (const load of commands.values()) {
    const { name: known, summary } = await load();
    print(`  ${known.padEnd(10)} ${summary}`);
  }
  print('\nkeyturn COMMAND --help shows how a command is called, with an example.');
  print('Exit codes: 0 done, 1 found something, 2 wrong use, 3 could not reach or read.');
  return 0;
}
