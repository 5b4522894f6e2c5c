import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { exitCodes } from '../../src/runner/exit-codes.ts';
import { parseExecOptions } from './exec-words.ts';
import { parseManifest } from '../../src/runner/configuration/manifest.ts';
import { parseFetchConfiguration } from '../../src/runner/configuration/parse-fetch-configuration.ts';
import { runnerFaults } from '../../src/faults/runner-faults.ts';

const guide = readFileSync('docs/fetch.md', 'utf8');

describe('docs/fetch.md', () => {
  it('lists every exit code with its failures', () => {
    for (const [failure, code] of Object.entries(exitCodes)) {
      const row = guide.split('\n').find((line) => line.startsWith(`| ${String(code)} |`));
      expect([failure, row]).toEqual([failure, expect.stringContaining(`\`${failure}\``)]);
    }
  });

  it('shows a valid configuration', () => {
    const [, json = ''] = /```json\n([^`]+)```/.exec(guide) ?? [];
    expect(parseFetchConfiguration('fetch.json', json).identity.kind).toBe('managed-identity');
  });

  it('names exactly the options of exec', () => {
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
    expect(parseExecOptions([...words, '--', 'true'])).toMatchObject({ pinRun: true, use: true, retryOn: [7] });
  });
});

describe('commands and manifests in the guides', () => {
  const workflows = readdirSync('examples/workflows').map((name) => `examples/workflows/${name}`);
  const files = ['docs/fetch.md', 'docs/troubleshooting.md', 'action/README.md', ...workflows];
  const texts = files.map((file) => ({ file, text: readFileSync(file, 'utf8') }));

  it('are valid calls of exec', () => {
    const written = texts.flatMap(({ file, text }) =>
      [...text.matchAll(/keyturn-fetch exec ([^`\n]*? -- [^`\n']+)/g)].map(([, words = '']) => ({ file, words })),
    );
    expect(written.length).toBeGreaterThan(3);
    for (const { file, words } of written) {
      const options = parseExecOptions(words.trim().split(/\s+/));
      expect([file, options.requests.length + (options.manifest === null ? 0 : 1)]).not.toEqual([file, 0]);
    }
  });

  it('are valid manifests', async () => {
    const blocks = texts.flatMap(({ file, text }) => {
      const found = file.endsWith('keyturn.yml')
        ? [text]
        : [...text.matchAll(/```yaml\n([^`]+)```/g)].map(([, one = '']) => one);
      return found.filter((block) => /^format: 1$/m.test(block));
    });
    expect(blocks.length).toBeGreaterThan(1);
    for (const block of blocks) await parseManifest(block);
  });

  it('are workflows that use only inputs of the action', () => {
    const { inputs } = parse(readFileSync('action/action.yml', 'utf8')) as {
      inputs: Readonly<Record<string, unknown>>;
    };
    const steps = texts.flatMap(({ file, text }) => {
      const documents = file.endsWith('.yml')
        ? [text]
        : [...text.matchAll(/```yaml\n([^`]+)```/g)].map(([, one = '']) => one);
      return documents.flatMap((document) => stepsIn(parse(document)));
    });
    const ours = steps.filter(({ uses }) => uses?.includes('keyturn/action') === true);
    expect(ours.length).toBeGreaterThan(3);
    for (const step of ours) expect(Object.keys(step.with ?? {}).filter((name) => !(name in inputs))).toEqual([]);
  });

  it('explain what to do for every exit code of the helper', () => {
    const guide = readFileSync('docs/troubleshooting.md', 'utf8');
    const told = new Set([...guide.matchAll(/\b\d{1,2}\b/g)].map(([code]) => Number(code)));
    expect(Object.values(exitCodes).filter((code) => !told.has(code))).toEqual([]);
  });

  it('name the service’s answers by codes that the helper explains', () => {
    const guide = readFileSync('docs/troubleshooting.md', 'utf8');
    const source = readFileSync('src/runner/identity/entra-token.ts', 'utf8');
    const codes = [...guide.matchAll(/AADSTS\d+/g)].map(([code]) => code);
    expect(codes.length).toBeGreaterThan(2);
    for (const code of codes) expect(source).toContain(code);
  });
});

interface Step {
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

/** Steps anywhere in a document, whether it is a complete workflow or part of one. */
function stepsIn(place: unknown): readonly Step[] {
  if (typeof place !== 'object' || place === null) return [];
  const own = 'uses' in place ? [place as Step] : [];
  return [...own, ...Object.values(place).flatMap((member: unknown) => stepsIn(member))];
}

describe('exit codes', () => {
  it('exist for every failure of the helper', () => {
    expect(Object.keys(runnerFaults).filter((code) => !(code in exitCodes))).toEqual([]);
  });
});
