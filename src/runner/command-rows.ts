import type { CommandRow } from '../command-line/command-row.ts';
import { completionRow } from '../command-line/completion-script.ts';

const secret = {
  value: 'ENV=SECRET',
  says: "hands a secret over in the command's environment; SECRET is [VAULT/]NAME[@VERSION]",
  repeats: true,
} as const;
const named = {
  value: 'NAME=SECRET',
  says: 'a secret by the name to use; SECRET is [VAULT/]NAME[@VERSION]',
  repeats: true,
} as const;
const manifest = { value: 'FILE', says: 'takes the secrets that a keyturn.yml asks for' } as const;
const wait = {
  value: 'DURATION',
  says: 'how long a new role may take to spread, such as 30s (default: 2m; on your own machine 5s)',
} as const;
const allowDisk = { says: 'also writes where the folder is not in memory' } as const;
const json = { says: 'prints the result as one line of JSON' } as const;

export const execRow = {
  name: 'exec',
  summary: 'runs a command with secrets, its output redacted',
  about: `Reads secrets of Azure Key Vault, leaves a receipt of each read, and runs one command with them. The output of the command
is redacted. Everything after -- belongs to that command. Ends with the exit code of the command.`,
  options: {
    manifest,
    secret,
    file: {
      value: 'PLACE=SECRET',
      says: 'hands a secret over in a file in memory: PLACE is an absolute path, or a variable that will name one',
      repeats: true,
    },
    fd: { value: 'N=SECRET', says: 'hands a secret over on descriptor N (3 to 9), to be read once', repeats: true },
    wait,
    'pin-run': { says: 'takes the versions that this run took first' },
    'pin-file': { value: 'FILE', says: 'the same, and keeps them in FILE, for later jobs of the run' },
    'retry-on': {
      value: 'CODE',
      says: 'reads again and runs once more if the command ends with CODE and a secret was rotated',
      repeats: true,
    },
    pristine: { says: 'gives the command no environment except PATH, HOME and the like' },
    keep: { value: 'NAME', says: 'passes on a variable that is otherwise held back', repeats: true },
    'no-commands': { says: 'lets no line of the command reach the runner as a workflow command' },
    'no-masks': { says: 'writes no ::add-mask:: lines' },
    'allow-disk': allowDisk,
    use: { says: 'hands over placeholders in a jail, and lets the broker make the requests of the command' },
  },
  rest: 'COMMAND [ARGUMENT]...',
  usages: ['[OPTION]... -- COMMAND [ARGUMENT]...'],
  examples: ['keyturn-fetch exec --secret DATABASE_PASSWORD=database-password -- ./deploy.sh'],
} as const satisfies CommandRow;

export const checkRow = {
  name: 'check',
  summary: 'reads a manifest, without network',
  about:
    'Reads a manifest and says what it asks for, or all its faults, each with line and column. Exit code 1 if it has any.',
  arguments: [{ name: 'FILE', says: 'the manifest (default: keyturn.yml)' }],
  options: { json },
  examples: ['keyturn-fetch check keyturn.yml'],
} as const satisfies CommandRow;

export const doctorRow = {
  name: 'doctor',
  summary: 'says what is wrong with identity, vault or runner',
  about: `Checks everything between this job and its secrets, in the order in which to check it, and says what to do. Exit code 1 if
anything failed.`,
  options: {
    secret: { value: 'SECRET', says: 'also reads this secret: [VAULT/]NAME' },
    audit: { says: "with --secret: says how to find the read in the vault's log" },
    json,
  },
  examples: ['keyturn-fetch doctor --secret database-password'],
} as const satisfies CommandRow;

export const renderRow = {
  name: 'render',
  summary: 'fills a template with secrets, in memory',
  about: `Fills a template with secrets and writes it to a file in memory, for the steps that follow. The last step of the action
removes the file.`,
  options: {
    template: { value: 'FILE', says: 'the template', required: true },
    out: { value: 'PATH', says: 'where to write, an absolute path', required: true },
    secret: named,
    manifest,
    wait,
    'allow-disk': allowDisk,
  },
  examples: ['keyturn-fetch render --template app.conf.in --out /dev/shm/app.conf --secret PASSWORD=database-password'],
} as const satisfies CommandRow;

export const maskRow = {
  name: 'mask',
  summary: 'writes ::add-mask:: lines only',
  about: 'Reads secrets and writes their masks for the runner, for values that the job gets in another way.',
  options: { secret: named, manifest, wait },
  examples: ['keyturn-fetch mask --secret PASSWORD=database-password'],
} as const satisfies CommandRow;

export const envRow = {
  name: 'env',
  summary: 'writes secrets to GITHUB_ENV, where every later step can read them',
  about: `Writes secrets to GITHUB_ENV. The values then lie on the disk of the runner and in the environment of every later step of
the job; prefer exec.`,
  options: { secret: named, manifest, wait },
  examples: ['keyturn-fetch env --secret PASSWORD=database-password'],
} as const satisfies CommandRow;

export const outputRow = {
  name: 'output',
  summary: 'writes secrets as outputs of this step, for a step that takes them as inputs',
  about: `Writes secrets to GITHUB_OUTPUT, for a step with uses: that takes one as an input. The values then lie on the disk of the
runner until the last step of the action empties the file, and every step that names the output gets them; prefer exec.`,
  options: { secret: named, manifest, wait },
  examples: ['keyturn-fetch output --secret password=registry-password'],
} as const satisfies CommandRow;

export const initRow = {
  name: 'init',
  summary: 'writes a first keyturn.yml of the secrets that you may read',
  about: `Lists a vault and writes a first manifest: each secret that you may read in a variable of its own name, those that you
may only list as comments. It reads no value. Delete what the repository does not need.`,
  options: {
    vault: { value: 'NAME', says: 'the short name of the vault, if several are configured' },
    prefix: { value: 'TEXT', says: 'only secrets whose names start so' },
    out: { value: 'FILE', says: 'the manifest, which must not exist yet (default: keyturn.yml)' },
  },
  examples: ['keyturn-fetch init --prefix shop-'],
} as const satisfies CommandRow;

export const mcpRow = {
  name: 'mcp',
  summary: 'lets an AI agent of this job use secrets through the broker, and hold none',
  about: `Serves tools of the Model Context Protocol on standard input and output, until the input ends: request_access asks for
the use of a secret and returns a placeholder, make_request has the broker make one https request with it and returns the
redacted answer. No tool returns a value or approves. It needs a broker, a running job, and \`jail: cooperative\` in the
configuration of the runner, because the agent runs outside of a jail.`,
  options: {},
  examples: ['keyturn-fetch mcp'],
} as const satisfies CommandRow;

export const helperCompletionRow = completionRow('keyturn-fetch');
