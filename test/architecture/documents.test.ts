import { existsSync, globSync, readFileSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';

const pages = globSync(['*.md', 'docs/*.md', 'action/*.md']).sort();
/** Those that a build or a run makes may be absent. */
const folders = readdirSync('.', { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !['dist', 'node_modules', '.keyturn'].includes(entry.name))
  .map(({ name }) => name);

/** What a page writes as code and means as a file or folder of this repository. */
function pathsIn(text: string): readonly string[] {
  const code = [...text.matchAll(/`([^`\s]+)`/g)].map(([, word = '']) => word);
  return code.filter((word) => {
    if (/[*<>{}$()…]|^(?:\/|\.\.|https?:|@)/.test(word)) return false;
    return word.includes('/') && folders.includes(word.split('/')[0] ?? '');
  });
}

/** Headings that a text names, as `docs/decisions.md, "Grades"`. A comment's line breaks are no part of the name. */
function citationsIn(text: string): readonly { readonly page: string; readonly heading: string }[] {
  const flat = text.replaceAll(/\n\s*(?:\*|\/\/|#)?\s*/g, ' ').replaceAll("\\'", "'");
  return [...flat.matchAll(/\b((?:docs\/)?[\w-]+\.md), "([^"]+)"/g)].map(([, page = '', heading = '']) => ({
    page,
    heading,
  }));
}

function headingsOf(page: string): readonly string[] {
  return existsSync(page)
    ? [...readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading)
    : [];
}

const sources = globSync([
  '{src,embedded,functions,test,bench,scripts,examples}/**/*.{ts,mjs}',
  '{.ci,templates,infra,docs,action}/**/*.{yml,md,hbs,typ,bicep}',
  '*.md',
]).filter((file) => !file.startsWith('action/dist') && basename(file) !== 'documents.test.ts');

describe('a page', () => {
  it.each(pages)('names only files that exist: %s', (page) => {
    expect(pathsIn(readFileSync(page, 'utf8')).filter((path) => !existsSync(path))).toEqual([]);
  });

  it('of the architecture shows every room of src in its picture', () => {
    const picture = /```mermaid\n([\s\S]*?)```/.exec(readFileSync('ARCHITECTURE.md', 'utf8'))?.[1] ?? '';
    const rooms = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(rooms.map(({ name }) => `src/${name}/`).filter((room) => !picture.includes(room))).toEqual([]);
  });

  it('is read whole by this test', () => {
    expect(pathsIn(readFileSync('ARCHITECTURE.md', 'utf8')).length).toBeGreaterThan(50);
    expect(pathsIn('`src/no-such-file.ts` `embedded/` `npm test` `a/b` `../shared/contracts`')).toEqual([
      'src/no-such-file.ts',
      'embedded/',
    ]);
  });
});

describe('a heading that code or a page refers to', () => {
  it('exists on that page', () => {
    const broken = sources.flatMap((file) =>
      citationsIn(readFileSync(file, 'utf8'))
        .filter(({ page, heading }) => !headingsOf(page).includes(heading))
        .map(({ page, heading }) => `${file}: ${page}, "${heading}"`),
    );
    expect(broken).toEqual([]);
  });

  it('is a heading, not the number of a decision that readers cannot find', () => {
    const numbered = /\b[Dd]ecisions? \d+\b|\bdesign\.md\b|\bdesign decision\b/;
    expect(sources.filter((file) => numbered.test(readFileSync(file, 'utf8')))).toEqual([]);
  });

  it('is found across the lines of a comment', () => {
    const comment = '/**\n * Source: docs/decisions.md, "Deny by\n * default".\n */';
    expect(citationsIn(comment)).toEqual([{ page: 'docs/decisions.md', heading: 'Deny by default' }]);
  });
});
