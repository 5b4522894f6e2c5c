import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fenced, heldBlock } from '../docs/held-block.ts';

const file = 'templates/verify.html';
const digestOf = (text: string | Uint8Array) => createHash('sha256').update(text);

describe('templates/verify.html', () => {
  it('is what its source builds, byte for byte', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'keyturn-verify-page-'));
    try {
      const again = join(folder, 'verify.html');
      execFileSync(process.execPath, ['scripts/build-verify-page.ts', again]);
      expect((await readFile(again, 'utf8')) === readFileSync(file, 'utf8'), 'npm run build:verify-page').toBe(true);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('has its digest in the documents', () => {
    const digest = digestOf(readFileSync(file)).digest('hex');
    heldBlock('docs/auditing.md', 'verify-page', fenced('text', `${digest}  verify.html`));
  });

  it('allows its own script and style, and nothing else', () => {
    const page = readFileSync(file, 'utf8');
    const part = (name: string): string =>
      digestOf(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(page)?.[1] ?? '').digest('base64');
    expect(/Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1]).toBe(
      `default-src 'none'; script-src 'sha256-${part('script')}'; style-src 'sha256-${part('style')}'; base-uri 'none'; form-action 'none'`,
    );
    expect(page).not.toMatch(/<(?:link|img|iframe|object)\b| src=/);
  });
});
