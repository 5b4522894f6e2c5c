import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { Program } from '../../src/command-line/command-row.ts';
import { completionScript, shells } from '../../src/command-line/completion-script.ts';
import { program as service } from '../../src/commands/command-table.ts';
import { program as helper } from '../../src/runner/command-table.ts';

/** What bash offers for words of which the last is being typed. */
function offered(program: Program, words: readonly string[]): readonly string[] {
  const list = [program.name, ...words].map((word) => `'${word}'`).join(' ');
  const script = `${completionScript(program, 'bash')}
COMP_WORDS=(${list}); COMP_CWORD=${String(words.length)}
_${program.name.replaceAll('-', '_')}
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

describe('completion in bash', () => {
  it('offers commands, then the options of the command', () => {
    expect(offered(service, ['r'])).toEqual(['rotate', 'retire', 'reconcile', 'report', 'retention']);
    expect(offered(service, ['rotate', '--r'])).toEqual(['--reason', '--roll-back', '--read-by']);
    expect(offered(service, ['completion', ''])).toEqual(['bash', 'zsh', 'fish', '--help']);
  });

  it('offers the words that an option takes, and leaves files to the shell', () => {
    expect(offered(service, ['report', '--framework', 's'])).toEqual(['soc2']);
    expect(offered(service, ['report', '--out', ''])).toEqual([]);
  });

  it('offers nothing of its own after --', () => {
    expect(offered(helper, ['exec', '--pi'])).toEqual(['--pin-run', '--pin-file']);
    expect(offered(helper, ['exec', '--', '--pi'])).toEqual([]);
  });
});

describe('completion in every shell', () => {
  it.each(shells)('names each command and each option of both programs: %s', (shell) => {
    for (const program of [service, helper]) {
      const script = completionScript(program, shell);
      for (const { name, options } of program.rows) {
        expect(script).toContain(name);
        for (const option of Object.keys(options)) {
          expect(script).toContain(shell === 'fish' ? `-l ${option}` : `--${option}`);
        }
      }
    }
  });

  it.each(shells)('leaves no quote open: %s', (shell) => {
    for (const program of [service, helper]) {
      const odd = completionScript(program, shell)
        .split('\n')
        .filter((line) => !line.trimStart().startsWith('#'))
        .filter((line) => (line.replaceAll(String.raw`'\''`, '').split("'").length - 1) % 2 !== 0);
      expect(odd).toEqual([]);
    }
  });
});
