import type { CommandRow, OptionRow, Program } from './command-row.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export function isShell(word: string | undefined): word is Shell {
  return shells.some((shell) => shell === word);
}

/** The row that both programs have for their completion. */
export function completionRow(program: string) {
  return {
    name: 'completion',
    summary: 'prints a completion script for your shell',
    about: `Prints a script that completes commands and options. Write it to where your shell looks for completions: for bash see the
example, for fish ~/.config/fish/completions/${program}.fish, for zsh a file _${program} in a folder of $fpath.`,
    arguments: [{ name: 'SHELL', says: 'the shell to complete in', required: true, choices: shells }],
    options: {},
    examples: [`${program} completion bash > ~/.local/share/bash-completion/completions/${program}`],
  } as const satisfies CommandRow;
}

/** A script that completes a program's commands and options. It is static, so that pressing Tab starts no process. */
export function completionScript(program: Program, shell: Shell): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](program);
}

function bashScript({ name, rows }: Program): string {
  const valued = rows.flatMap(({ name: command, options }) =>
    Object.entries(options).flatMap(([option, { value, choices }]) => {
      if (value === undefined) return [];
      const words = choices === undefined ? 'return' : reply(choices);
      return [`    ${command}:--${option}) ${words} ;;`];
    }),
  );
  const commands = rows.map((row) => `    ${row.name}) ${reply(wordsOf(row))} ;;`);
  return `# Completion of ${name} for bash: source <(${name} completion bash)
_${identifier(name)}() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} index
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    ${reply([...rows.map((row) => row.name), '--help', '--version'])}
    return
  fi
  # What follows -- belongs to another program.
  for ((index = 2; index < COMP_CWORD; index++)); do [[ \${COMP_WORDS[index]} == -- ]] && return; done
  case \${COMP_WORDS[1]}:$before in
${valued.map((line) => (line.includes('return') ? line : line.replace(' ;;', '; return ;;'))).join('\n')}
  esac
  case \${COMP_WORDS[1]} in
${commands.join('\n')}
  esac
}
complete -o default -F _${identifier(name)} ${name}
`;
}

function reply(words: readonly string[]): string {
  return `COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$word"))`;
}

function wordsOf({ arguments: taken = [], options, rest }: CommandRow): readonly string[] {
  const choices = taken.flatMap((argument) => argument.choices ?? []);
  return [
    ...choices,
    ...Object.keys(options).map((option) => `--${option}`),
    '--help',
    ...(rest === undefined ? [] : ['--']),
  ];
}

function zshScript({ name, rows }: Program): string {
  const described = rows.map((row) => `    ${quote(`${row.name}:${row.summary}`)}`);
  const cases = rows.map((row) => {
    const options = Object.entries(row.options).map(([option, settings]) => zshOption(option, settings));
    const words = (row.arguments ?? []).map(({ name: word, repeats, choices }) => {
      const action = choices === undefined ? '_files' : `(${choices.join(' ')})`;
      return quote(`${repeats === true ? '*' : ''}:${word}:${action}`);
    });
    const rest = row.rest === undefined ? [] : [quote('*:: :_normal')];
    return `    ${row.name}) _arguments -S ${[...options, quote('--help[prints the help]'), ...words, ...rest].join(' ')} ;;`;
  });
  return `#compdef ${name}
# Completion of ${name} for zsh: source <(${name} completion zsh)
_${identifier(name)}() {
  local -a commands=(
${described.join('\n')}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  shift words
  ((CURRENT--))
  case \${words[1]} in
${cases.join('\n')}
  esac
}
compdef _${identifier(name)} ${name}
`;
}

function zshOption(name: string, { value, says, repeats, choices }: OptionRow): string {
  const action = choices === undefined ? '_files' : `(${choices.join(' ')})`;
  const text = says.replaceAll(/[[\]:\\]/g, ' ');
  const taken = value === undefined ? '' : `:${value.replaceAll(/[[\]:]/g, ' ')}:${action}`;
  return quote(`${repeats === true ? '*' : ''}--${name}[${text}]${taken}`);
}

function fishScript({ name, rows }: Program): string {
  const lines = rows.flatMap((row) => {
    const seen = `-n ${quote(`__fish_seen_subcommand_from ${row.name}`)}`;
    const options = Object.entries(row.options).map(([option, { value, says, choices }]) => {
      const argument = choices === undefined ? ' -r' : ` -x -a ${quote(choices.join(' '))}`;
      return `complete -c ${name} ${seen} -l ${option}${value === undefined ? '' : argument} -d ${quote(says)}`;
    });
    const words = (row.arguments ?? []).flatMap(({ choices }) =>
      choices === undefined ? [] : [`complete -c ${name} ${seen} -f -a ${quote(choices.join(' '))}`],
    );
    return [
      `complete -c ${name} -n __fish_use_subcommand -f -a ${row.name} -d ${quote(row.summary)}`,
      ...options,
      ...words,
    ];
  });
  return `# Completion of ${name} for fish
${lines.join('\n')}
complete -c ${name} -l help -d 'prints the help'
complete -c ${name} -n __fish_use_subcommand -l version -d 'prints the version'
`;
}

/** For a shell: in single quotes, which nothing but another one ends. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function identifier(name: string): string {
  return name.replaceAll('-', '_');
}
