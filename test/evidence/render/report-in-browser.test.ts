import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderHtml } from '../../../src/evidence/render/render-html.ts';
import { skipUnless } from '../../skip-unless.ts';
import { modelOfStory } from '../model.ts';

const executablePath = ['chromium', 'chromium-browser', 'google-chrome']
  .map((name) => join('/usr/bin', name))
  .find((path) => existsSync(path));
const browserOf = skipUnless(executablePath !== undefined, 'no Chromium is installed (package chromium)');

/** The browser shares its machine with others. */
const patience = { timeout: 120_000 };

let folder: string;
let address: string;
let browser: Browser | null = null;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-browser-'));
  await writeFile(join(folder, 'report.html'), await renderHtml(await modelOfStory()));
  address = pathToFileURL(join(folder, 'report.html')).href;
  if (executablePath === undefined) return;
  browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  });
});
afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Opens the report, and collects what the browser complains of and whatever it asks of a network. */
async function open(
  options: BrowserContextOptions = {},
): Promise<{ page: Page; readonly said: readonly string[]; readonly close: () => Promise<void> }> {
  if (browser === null) throw new TypeError('There is no browser.');
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...options });
  const page = await context.newPage();
  const said: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(error.message));
  page.on('request', (request) => (request.url().startsWith('file:') ? undefined : said.push(request.url())));
  await page.goto(address);
  return { page, said, close: () => context.close() };
}

/** How many rows of the tables of a section are not hidden by search or filter, folded parts included. */
const visibleRows = async (page: Page, section: string) =>
  await page.locator(`#${section} table[data-rows] tbody tr:not(.note):not([hidden])`).count();

describe('the report in a browser', () => {
  it('searches all rows, says how many are left, and shows all again', browserOf, async () => {
    const { page, said, close } = await open();
    await page.getByLabel('Search all rows').fill('mallory person');
    await expect
      .poll(async () => await page.getByRole('status').textContent(), patience)
      .toMatch(/^\d+ of [\d,]+ shown$/);
    const left = await visibleRows(page, 'reads');
    expect(left).toBeGreaterThanOrEqual(16);
    expect(left).toBeLessThan(40);
    await page.getByLabel('Search all rows').fill('');
    await expect.poll(async () => await page.getByRole('status').textContent(), patience).toBe('');
    expect(await visibleRows(page, 'reads')).toBeGreaterThan(400);
    expect(said).toEqual([]);
    await close();
  });

  it('filters the matrix by its result, and sorts it by number', browserOf, async () => {
    const { page, close } = await open();
    const matrix = page.locator('#matrix');
    await matrix.getByLabel('Result').selectOption('exception');
    const results = await matrix.locator('tbody tr:not([hidden]) .result').allTextContents();
    expect([...new Set(results)]).toEqual(['exception']);
    await matrix.getByRole('button', { name: 'Tested' }).click();
    expect(await matrix.locator('th[aria-sort]').getAttribute('aria-sort')).toBe('ascending');
    const tested = (await matrix.locator('tbody tr:not([hidden]) td:nth-child(3)').allTextContents()).map((text) =>
      Number(text.replaceAll(',', '')),
    );
    expect(tested).toEqual(tested.toSorted((a, b) => a - b));
    expect(tested.length).toBeGreaterThan(8);
    await close();
  });

  it(
    'leads by keyboard alone from the first key to the report, and opens what a link leads to',
    browserOf,
    async () => {
      const { page, close } = await open();
      await page.keyboard.press('Tab');
      expect(await page.locator(':focus').textContent()).toBe('Skip to the report');
      await page.keyboard.press('Enter');
      expect(await page.evaluate('document.activeElement.id')).toBe('main');
      await page.locator('#matrix tbody a[href^="#test-"]').first().focus();
      await page.keyboard.press('Enter');
      await expect.poll(async () => await page.locator('details:target').getAttribute('open'), patience).not.toBeNull();
      await close();
    },
  );

  it('opens all parts and closes them again', browserOf, async () => {
    const { page, close } = await open();
    const closed = () => page.locator('details:not([open])').count();
    await page.getByRole('button', { name: 'Open all' }).click();
    expect(await closed()).toBe(0);
    await page.getByRole('button', { name: 'Close all' }).click();
    expect(await closed()).toBeGreaterThan(50);
    await close();
  });

  it('is whole without script, and offers nothing that would not work', browserOf, async () => {
    const { page, said, close } = await open({ javaScriptEnabled: false });
    expect(await page.getByLabel('Search all rows').isVisible()).toBe(false);
    expect(await page.locator('#matrix').isVisible()).toBe(true);
    expect(await page.getByText('1 of 6').isVisible()).toBe(true);
    expect(said).toEqual([]);
    await close();
  });

  it('fits a phone without scrolling sideways, light and dark', browserOf, async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page, said, close } = await open({ viewport: { width: 390, height: 800 }, colorScheme });
      await page.getByRole('button', { name: 'Open all' }).click();
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
      expect(said).toEqual([]);
      await close();
    }
  });

  it('prints on a number of pages that people print, and folds what it does not print', browserOf, async () => {
    const { page, close } = await open();
    const pdf = (await page.pdf({ preferCSSPageSize: true, format: 'A4' })).toString('latin1');
    expect(pdf.match(/\/Type\s*\/Page\b/g)?.length).toBeLessThanOrEqual(30);
    await close();
  });
});
