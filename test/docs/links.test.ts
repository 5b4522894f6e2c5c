import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCommandLine } from '../../src/commands/run-command-line.ts';
import { isSettingName } from '../../src/settings/setting-table.ts';

const pages = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'SECURITY.md',
  ...globSync('docs/*.md').sort(),
];
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };

/** Variables that the fetch helper reads: they belong to a job's environment and are no settings of the service. */
const helperVariables = new Set(
  globSync('src/runner/**/*.ts').flatMap((file) => variablesIn(readFileSync(file, 'utf8'))),
);

describe.each(pages)('%s', (page) => {
  const text = readFileSync(page, 'utf8');

  it('links to files and headings that exist', () => {
    const broken = linksIn(text).filter((link) => !leadsSomewhere(page, link));
    expect(broken).toEqual([]);
  });

  it('names no variable that nobody reads', () => {
    const unknown = variablesIn(text).filter((name) => !isSettingName(name) && !helperVariables.has(name));
    expect(unknown).toEqual([]);
  });

  it('names no command that does not exist', async () => {
    const unknown: string[] = [];
    for (const command of commandsIn(text)) if ((await help(command)) !== 0) unknown.push(command);
    expect(unknown).toEqual([]);
  });

  it('names no script that package.json does not have', () => {
    const used = [...text.matchAll(/\bnpm run ([a-z][\w:-]*)/g)].map(([, name = '']) => name);
    expect(used.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});

describe('docs/pictures', () => {
  it('holds no picture that no page shows', () => {
    const shown = new Set(
      pages.flatMap((page) => linksIn(readFileSync(page, 'utf8')).map((link) => join(dirname(page), link))),
    );
    expect(globSync('docs/pictures/*').filter((picture) => !shown.has(picture))).toEqual([]);
  });
});

describe('these checks', () => {
  it('see what is broken', async () => {
    expect(leadsSomewhere('README.md', 'docs/no-such-page.md')).toBe(false);
    expect(leadsSomewhere('README.md', 'docs/formats.md#no-such-heading')).toBe(false);
    expect(leadsSomewhere('README.md', 'docs/formats.md#journal-entry')).toBe(true);
    expect(commandsIn('`keyturn conquer` and\n```\nnode dist/cli.js vanish\n```')).toEqual(['conquer', 'vanish']);
    expect(await help('conquer')).toBe(2);
    expect(variablesIn('`KEYTURN_NO_SUCH`')).toEqual(['KEYTURN_NO_SUCH']);
  });
});

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? page : join(dirname(page), decodeURIComponent(path));
  if (!existsSync(file)) return false;
  return anchor === undefined || headingsIn(readFileSync(file, 'utf8')).includes(anchor);
}

/** Targets of links and pictures outside of code; addresses elsewhere are left out. */
function linksIn(text: string): readonly string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = '']) => to).filter((to) => !/^[a-z]+:/.test(to));
}

/** Headings as their anchors: lower case, signs dropped, blanks to hyphens. */
function headingsIn(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function variablesIn(text: string): readonly string[] {
  return [...new Set(text.match(/\bKEYTURN_[A-Z]+(?:_[A-Z]+)*\b/g) ?? [])];
}

/** Commands in code: `keyturn COMMAND`, or the built file with one. */
function commandsIn(text: string): readonly string[] {
  const code = text.match(/^```[\s\S]*?^```$|`[^`\n]+`/gm)?.join('\n') ?? '';
  const used = [...code.matchAll(/(?<![\w/-])(?:keyturn|node dist\/cli\.js) ([a-z][a-z-]*)/g)];
  return [...new Set(used.map(([, name = '']) => name))];
}

async function help(command: string): Promise<number> {
  const nobody = () => undefined;
  return await runCommandLine([command, '--help'], {
    environment: {},
    directory: '.',
    print: nobody,
    output: process.stdout,
    say: nobody,
    progress: nobody,
    isTerminal: false,
    now: () => new Date(),
    signal: new AbortController().signal,
  });
}
