import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { producePack } from '../../../src/evidence/produce-pack.ts';
import { renderHtml } from '../../../src/evidence/render/render-html.ts';
import { modelOfStory } from '../model.ts';
import { orderOf } from '../order.ts';
import { auditedStory } from '../story.ts';

let folder: string;
let html: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-page-'));
  await producePack(orderOf({ out: join(folder, 'pack') }));
  html = await readFile(join(folder, 'pack', 'report.html'), 'utf8');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const found = (pattern: RegExp) => [...html.matchAll(pattern)].map(([, one = '']) => one);

describe('the page of a pack', () => {
  it('leads from every link to a place on the page, or to a file of the pack', async () => {
    const ids = new Set(found(/\sid="([^"]+)"/g));
    const files = (
      JSON.parse(await readFile(join(folder, 'pack', 'manifest.json'), 'utf8')) as {
        files: { path: string }[];
      }
    ).files.map(({ path }) => path);
    const links = found(/<a [^>]*href="([^"]+)"/g);
    expect(links.filter((link) => (link.startsWith('#') ? !ids.has(link.slice(1)) : !files.includes(link)))).toEqual(
      [],
    );
    expect(links.length).toBeGreaterThan(200);
  });

  it('has no id twice', () => {
    const ids = found(/\sid="([^"]+)"/g);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  it('shows the id and the correlation id of each read, and has a place for each', async () => {
    const rows = (await readFile(join(folder, 'pack', 'retrievals.ndjson'), 'utf8')).trimEnd().split('\n');
    for (const { id, correlationId } of rows.map((row) => JSON.parse(row) as { id: string; correlationId: string })) {
      expect(html).toContain(` id="read-${id}"`);
      expect(html).toContain(`<code>${id}</code><br><code>${correlationId}</code>`);
    }
  });

  it('leads from each number of the matrix to its population and its deviations', () => {
    const matrix = html.slice(html.indexOf('id="matrix"'), html.indexOf('id="overview"'));
    const rows = matrix.split('<tr>').filter((row) => row.includes('data-label="Population"'));
    expect(rows.length).toBeGreaterThan(30);
    for (const row of rows) expect(row).toMatch(/data-label="Population"[^>]*><a href="#file-[\w-]+">[\d,]+<\/a>/);
    for (const row of rows.filter((one) => one.includes('result-exception')))
      expect(row).toMatch(/data-label="Deviations" class="right"><a href="#test-[\w-]+">[\d,]+<\/a>/);
  });

  it('allows one style sheet and one script by their digests, and nothing else', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/
      .exec(html)?.[1]
      ?.replaceAll('&#x3D;', '=')
      .replaceAll('&#x2B;', '+')
      .replaceAll('&#x27;', "'");
    const digestOf = (name: string) => {
      const content = new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(html)?.[1] ?? '';
      return createHash('sha256').update(content).digest('base64');
    };
    expect(policy).toBe(
      `default-src 'none'; style-src 'sha256-${digestOf('style')}'; script-src 'sha256-${digestOf('script')}'; base-uri 'none'; form-action 'none'`,
    );
    expect(html).not.toMatch(/ on\w+="/);
  });

  it('offers nothing that needs the script while the script does not run', () => {
    expect(html).toMatch(/id="tools"[^>]* hidden>/);
    expect(html.slice(0, html.indexOf('<script>'))).not.toContain('<select');
  });
});

describe('a report without anything in it', () => {
  it('has a place for each of its links, too', async () => {
    const empty = await renderHtml(await modelOfStory({ audited: auditedStory({ reads: 0 }), rotations: [] }));
    const ids = new Set([...empty.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id));
    const links = [...empty.matchAll(/<a [^>]*href="#([^"]+)"/g)].map(([, link = '']) => link);
    // The files of the model's test are a single one.
    expect(links.filter((link) => !ids.has(link) && !link.startsWith('file-'))).toEqual([]);
  });
});
