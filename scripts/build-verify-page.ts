// `npm run build:verify-page`: writes templates/verify.html, the page that checks a pack in a browser: one file, whose policy
// allows its own script and style by their digests and nothing else. The same source gives the same bytes. A path as argument
// writes there instead.
import { hash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const source = fileURLToPath(new URL('../src/verify-page/', import.meta.url));
const out = process.argv[2] ?? fileURLToPath(new URL('../templates/verify.html', import.meta.url));

const script = await built('page.ts');
const style = await built('page.css');
const allowed = (text: string): string => `'sha256-${hash('sha256', text, 'base64')}'`;
const parts: Readonly<Record<string, string>> = {
  policy: `default-src 'none'; script-src ${allowed(script)}; style-src ${allowed(style)}; base-uri 'none'; form-action 'none'`,
  style,
  script,
};
const page = readFileSync(`${source}page.html`, 'utf8').replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
  const part = parts[name];
  if (part === undefined) throw new Error(`page.html names ${name}, which nothing fills.`);
  return part;
});
writeFileSync(out, page);

async function built(file: string): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: source,
    entryPoints: [file],
    bundle: true,
    write: false,
    // Not minified: an auditor may read it.
    format: 'iife',
    target: 'es2023',
    charset: 'ascii',
    legalComments: 'none',
    logLevel: 'warning',
  });
  // Inside a page a script ends at this sequence, wherever it stands.
  const text = (outputFiles[0]?.text ?? '').trimEnd().replaceAll('</script', '<\\/script');
  if (text === '') throw new Error(`${file} came out empty.`);
  return text;
}
