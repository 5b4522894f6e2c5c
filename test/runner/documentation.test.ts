import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exitCodes } from '../../src/runner/exit-codes.ts';
import { parseExecOptions } from '../../src/runner/exec-options.ts';
import { parseFetchConfiguration } from '../../src/runner/parse-fetch-configuration.ts';
import { runnerFaults } from '../../src/faults/runner-faults.ts';

const guide = readFileSync('docs/fetch.md', 'utf8');

describe('docs/fetch.md', () => {
  it('lists every exit code with the failures that end so', () => {
    for (const [failure, code] of Object.entries(exitCodes)) {
      const row = guide.split('\n').find((line) => line.startsWith(`| ${String(code)} |`));
      expect([failure, row]).toEqual([failure, expect.stringContaining(`\`${failure}\``)]);
    }
  });

  it('shows a configuration that is taken', () => {
    const [, json = ''] = /```json\n([^`]+)```/.exec(guide) ?? [];
    expect(parseFetchConfiguration('fetch.json', json).identity.kind).toBe('managed-identity');
  });

  it('names the options that exec takes, and no other', () => {
    const values: Readonly<Record<string, string>> = {
      secret: 'A=a',
      file: 'B=b',
      fd: '3=c',
      wait: '5m',
      keep: 'CI',
      'pin-file': 'pins',
      'retry-on': '7',
    };
    const named = [...guide.matchAll(/^\| `--([a-z-]+)[ `]/gm)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(9);
    const words = named.flatMap((name) => [`--${name}`, ...(name in values ? [values[name] ?? ''] : [])]);
    expect(parseExecOptions([...words, '--', 'true'])).toMatchObject({ pinRun: true, agent: true, retryOn: [7] });
  });
});

describe('exit codes', () => {
  it('exist for every failure of the helper', () => {
    expect(Object.keys(runnerFaults).filter((code) => !(code in exitCodes))).toEqual([]);
  });
});
