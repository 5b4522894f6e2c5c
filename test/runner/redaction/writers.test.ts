import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { hideSecret, searchFor } from '../../../src/runner/redaction/hidden-secret.ts';
import { startRedaction } from '../../../src/runner/redaction/redaction.ts';
import { skipUnless } from '../../skip-unless.ts';
import { sampleValues } from './sample-values.ts';

const folder = mkdtempSync(join(tmpdir(), 'writers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const here = 'test/runner/redaction/writers';

/** One language: how its program is made ready, once, and run. Each prints its forms as RS, name, US, form. */
interface Writer {
  readonly tool: string;
  readonly prepare?: readonly string[];
  readonly run: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** A file that it needs, and where it comes from: without it the writer is not tried. */
  readonly needs?: readonly [file: string, debianPackage: string];
}

const gson = '/usr/share/java/gson.jar';

const writers: readonly Writer[] = [
  { tool: 'node', run: [process.execPath, `${here}/print.ts`] },
  { tool: 'python3', run: ['python3', `${here}/print.py`] },
  { tool: 'bash', run: ['bash', `${here}/print.bash`], environment: { LC_ALL: 'C.UTF-8' } },
  { tool: 'bash in a C locale', run: ['bash', `${here}/print.bash`], environment: { LC_ALL: 'C' } },
  { tool: 'dash', run: ['dash', `${here}/print.dash`] },
  { tool: 'perl', run: ['perl', `${here}/print.pl`] },
  { tool: 'ruby', run: ['ruby', `${here}/print.rb`] },
  { tool: 'php', run: ['php', `${here}/print.php`] },
  {
    tool: 'java',
    prepare: ['javac', '-d', folder, `${here}/Print.java`],
    run: ['java', '-cp', folder, '-Xshare:auto', 'Print'],
  },
  {
    tool: 'Gson',
    prepare: ['javac', '-cp', gson, '-d', folder, `${here}/PrintJson.java`],
    run: ['java', '-cp', `${folder}:${gson}`, '-Xshare:auto', 'PrintJson'],
    needs: [gson, 'libgoogle-gson-java'],
  },
  {
    tool: 'go',
    prepare: ['go', 'build', '-o', join(folder, 'print'), `${here}/print.go`],
    run: [join(folder, 'print')],
  },
];

/** Why a writer cannot be tried on this machine; `null` if it can. */
function whyNot({ prepare, run, needs }: Writer): string | null {
  const [command = ''] = prepare ?? run;
  if (needs !== undefined && !existsSync(needs[0])) return `${needs[0]} is not installed (${needs[1]})`;
  const isThere = spawnSync('which', [command]).status === 0 || command.startsWith('/');
  return isThere || process.env['CI'] === 'true' ? null : `${command} is not installed`;
}

for (const writer of writers) {
  const { tool, prepare, run, environment = {} } = writer;
  const because = whyNot(writer);
  describe(`what ${tool} prints`, skipUnless(because === null, because ?? ''), () => {
    it('is hidden, in each form and of each kind of value', { timeout: 300_000 }, async () => {
      const [file = '', ...words] = prepare ?? [];
      if (file !== '') {
        const made = spawnSync(file, words, {
          encoding: 'utf8',
          env: process.env,
        });
        expect([made.status, made.stderr]).toEqual([0, '']);
      }
      const leaks: string[] = [];
      let forms = 0;
      for (const [kind, value] of Object.entries(sampleValues)) {
        const search = searchFor([await hideSecret(kind, value)]);
        for (const [name, written] of formsOf(run, value, environment)) {
          forms += 1;
          const redaction = startRedaction(search);
          const left = Buffer.concat([Buffer.from(redaction.push(written)), Buffer.from(redaction.end())]).toString(
            'latin1',
          );
          if (!left.includes('***') || tellTales(value, written).some((part) => left.includes(part))) {
            leaks.push(`${kind}, ${name}: ${written.toString()} → ${left}`);
          }
        }
      }
      expect(leaks).toEqual([]);
      expect(forms).toBeGreaterThan(6 * Object.keys(sampleValues).length - 40);
    });
  });
}

function formsOf(
  [file = '', ...words]: readonly string[],
  value: string,
  environment: Readonly<Record<string, string>>,
): readonly (readonly [string, Buffer])[] {
  const env = { PATH: process.env['PATH'] ?? '', V: value, V64: Buffer.from(value).toString('base64'), ...environment };
  const { stdout, stderr, status } = spawnSync(file, words, { env });
  expect([status, stderr.toString()]).toEqual([0, '']);
  return stdout
    .toString('latin1')
    .split('\u001e')
    .slice(1)
    .map((record) => {
      const [name = '', form = ''] = record.split('\u001f', 2);
      return [name, Buffer.from(form, 'latin1')] as const;
    });
}

/** What tells the value: its words of four letters and digits, and the middle of what was written of it. */
function tellTales(value: string, written: Buffer): readonly string[] {
  const text = frames.reduce((rest, frame) => rest.replace(frame, ''), written.toString('latin1'));
  const from = Math.floor(text.length / 2);
  const middle = text.slice(from - 3, from + 3);
  const words = value.match(/[A-Za-z0-9]{4,}/g) ?? [];
  return [...words.filter((word) => text.includes(word)), ...(middle.includes('\n') ? [] : [middle])];
}

/** What writers print before and after a value. */
const frames = [
  /^#.*\n/,
  /^<\?xml[^]*?<entry key="p">/,
  /<\/entry>[^]*$/,
  /^time=.* v=/,
  /^(?:declare -x|declare --|export) [vV]=/,
];
