import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportPack } from '../../src/evidence/pack/pack-archive.ts';
import { zipPack } from '../../src/evidence/pack/zip-pack.ts';
import { producePack } from '../../src/evidence/produce-pack.ts';
import { memoryRecords } from '../evidence/memory-records.ts';
import { knownSigner, orderOf } from '../evidence/order.ts';
import { auditedStory } from '../evidence/story.ts';
import { skipUnless } from '../skip-unless.ts';
import { changesOfPack, sealAsNewer } from './changed-packs.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
const withBrowser = skipUnless(executablePath !== undefined, 'no Chromium on this machine (Debian: package chromium)');
const { fingerprint } = knownSigner();
// As text, because it runs in the browser, whose types the tests do not have.
const clearResult = "document.querySelector('#result').replaceChildren()";

let folder: string;
let first: string;
let second: string;
let zip: string;
beforeAll(async () => {
  if (executablePath === undefined) return;
  folder = await mkdtemp(join(tmpdir(), 'keyturn-browser-'));
  const records = memoryRecords();
  const audited = auditedStory({ reads: 40 });
  const packs: string[] = [];
  for (const day of [3, 4]) {
    const now = new Date(Date.UTC(2026, 10, day, 6));
    const { id } = await producePack(orderOf({ records, audited, now }));
    packs.push(join(folder, id));
    await exportPack(records, id, join(folder, id));
    const pieces: Uint8Array[] = [];
    for await (const piece of zipPack(records, id)) pieces.push(piece);
    await writeFile(join(folder, `${id}.zip`), Buffer.concat(pieces));
  }
  [first = '', second = ''] = packs;
  zip = `${first}.zip`;
});
afterAll(async () => {
  if (executablePath !== undefined) await rm(folder, { recursive: true, force: true });
});

describe('templates/verify.html in a browser, from a file', withBrowser, () => {
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];
  const requests: string[] = [];

  beforeAll(async () => {
    if (executablePath === undefined) return;
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
    page = await browser.newPage({ viewport: { width: 390, height: 800 } });
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(resolve('templates/verify.html')).href);
  });
  afterAll(async () => {
    if (executablePath !== undefined) await browser.close();
  });

  /** The verdicts after a pack was given. */
  async function verdictsOf(input: 'folder' | 'zip', paths: string | readonly string[]): Promise<readonly string[]> {
    await page.evaluate(clearResult);
    await page.locator(`#${input}`).setInputFiles(typeof paths === 'string' ? paths : [...paths]);
    await page.locator('.verdict').first().waitFor();
    return await page.locator('.verdict').allTextContents();
  }

  it('finds an intact folder intact, and says what it checked', async () => {
    expect(await verdictsOf('folder', first)).toEqual(['intact; signer not verified; synthetic']);
    const checked = await page.locator('article ul').last().allTextContents();
    expect(checked.join(' ')).toMatch(/Signature: Ed25519.*Files: \d+ of \d+ bytes.*SHA256SUMS.*Rows: \d+/);
    expect(await page.locator('dl').textContent()).toContain(fingerprint);
  });

  it('finds its zip intact, and trusts the fingerprint that a person names', async () => {
    await page.locator('#trust').fill(fingerprint);
    expect(await verdictsOf('zip', zip)).toEqual(['intact; signed by the key you trust; synthetic']);
    await page.locator('#trust').fill('sha256:9638e909');
    await page.locator('#trust').blur();
    await page.getByText('Not checked').waitFor();
    await page.locator('#trust').fill('');
    await page.locator('#trust').blur();
  });

  it('takes a zip that is dropped on it', async () => {
    await page.evaluate(clearResult);
    await page.locator('#zip').setInputFiles(zip);
    await page.locator('.verdict').first().waitFor();
    // As text, because it runs in the browser, whose types the tests do not have.
    await page.evaluate(`{
      const transfer = new DataTransfer();
      for (const file of document.querySelector('#zip').files) transfer.items.add(file);
      document.querySelector('#result').replaceChildren();
      document.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, cancelable: true }));
    }`);
    await page.locator('.verdict').first().waitFor();
    expect(await page.locator('.verdict').allTextContents()).toEqual(['intact; signer not verified; synthetic']);
  });

  it('checks that two packs are one chain', async () => {
    const verdicts = await verdictsOf('zip', [`${second}.zip`, `${first}.zip`]);
    expect(verdicts.at(-1)).toBe(
      'one chain of 2 packs; it begins with the first pack of its archive; signer not verified',
    );
  });

  it('says of a pack of a newer version that it does not know it, and leaves the chain open', async () => {
    const pack = join(folder, 'newer');
    await cp(first, pack, { recursive: true });
    await sealAsNewer(pack);
    const says = 'neither intact nor broken: it was written by a newer version: format 2, this one reads up to 1';
    expect(await verdictsOf('folder', pack)).toEqual([says]);
  });

  it.each(changesOfPack)('finds a changed pack broken: $what', async ({ names, change }) => {
    const pack = join(folder, 'changed');
    await rm(pack, { recursive: true, force: true });
    await cp(first, pack, { recursive: true });
    await change(pack);
    const [verdict = ''] = await verdictsOf('folder', pack);
    expect(verdict).toMatch(/^broken: /);
    expect(verdict).toContain(names);
  });

  it('shows a hostile name as text on one line', async () => {
    const pack = join(folder, 'named');
    await cp(first, pack, { recursive: true });
    await writeFile(join(pack, '<img src=x onerror=alert(1)>\nintact; signed by the key you trust'), '');
    const [verdict = ''] = await verdictsOf('folder', pack);
    expect(verdict).toMatch(/^broken: <img src=x onerror=alert\(1\)>\\u000aintact/);
    expect(await page.locator('img').count()).toBe(0);
  });

  it('made no request but for itself, and nothing complained', () => {
    expect(requests.filter((url) => !url.endsWith('/templates/verify.html'))).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
