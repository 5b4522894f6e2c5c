import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportPack } from '../../src/evidence/pack/pack-archive.ts';
import { zipPack } from '../../src/evidence/pack/zip-pack.ts';
import { producePack } from '../../src/evidence/produce-pack.ts';
import { memoryRecords } from '../evidence/memory-records.ts';
import { orderOf } from '../evidence/order.ts';
import { auditedStory } from '../evidence/story.ts';
import { skipUnless } from '../skip-unless.ts';
import { isTooWide, listenTo, tabTo, views, violationsOn } from './browser-checks.ts';
import { chromiumPath, startChromium } from './start-chromium.ts';

const unlessAbsent = skipUnless(chromiumPath !== null, 'Chromium is not installed (apt-get install chromium)');
const verifyPage = pathToFileURL(resolve('templates/verify.html')).href;

describe('the pages of evidence, opened from a file', unlessAbsent, () => {
  let folder: string;
  let report: string;
  let zip: string;
  let browser: Browser;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keyturn-evidence-pages-'));
    const records = memoryRecords();
    const audited = auditedStory({ reads: 40 });
    const { id } = await producePack(orderOf({ records, audited, now: new Date(Date.UTC(2026, 10, 3, 6)) }));
    await exportPack(records, id, join(folder, id));
    report = pathToFileURL(join(folder, id, 'report.html')).href;
    const pieces: Uint8Array[] = [];
    for await (const piece of zipPack(records, id)) pieces.push(piece);
    zip = join(folder, `${id}.zip`);
    await writeFile(zip, Buffer.concat(pieces));
    browser = await startChromium(chromiumPath ?? '');
  });
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(views)('show a report without a violation that axe finds, folded and open, %s', async (_, view) => {
    const context = await browser.newContext({ ...view, bypassCSP: true });
    const page = await context.newPage();
    await page.goto(report);
    const folded = await violationsOn(page);
    await page.getByRole('button', { name: 'Open all' }).click();
    expect([...folded, ...(await violationsOn(page))]).toEqual([]);
    expect(await isTooWide(page)).toBe(false);
    await context.close();
  });

  it.each(views)(
    'show the check of a pack without one, before it, after it and of a broken one, %s',
    async (_, view) => {
      const context = await browser.newContext({ ...view, bypassCSP: true });
      const page = await context.newPage();
      await page.goto(verifyPage);
      const found = [...(await violationsOn(page))];
      const broken = join(folder, 'broken.zip');
      await writeFile(broken, 'no zip');
      for (const file of [zip, broken]) {
        // As text, because it runs in the browser, whose types the tests do not have.
        await page.evaluate("document.querySelector('#result').replaceChildren()");
        await page.locator('#zip').setInputFiles(file);
        await page.locator('#result :not(:empty)').first().waitFor();
        if (file === zip) await page.locator('.verdict').first().waitFor();
        found.push(...(await violationsOn(page)));
        expect(await isTooWide(page)).toBe(false);
      }
      expect(found).toEqual([]);
      await context.close();
    },
  );

  it('let a keyboard alone reach a row of the report by search, and both ways to give a pack', async () => {
    const page = await browser.newPage();
    await page.goto(report);
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').textContent()).toBe('Skip to the report');
    await tabTo(page, 'input[type=search]');
    await page.keyboard.type('mallory person');
    await page.getByText(/^\d+ of [\d,]+ shown$/).waitFor();
    await page.goto(verifyPage);
    const given = page.waitForEvent('filechooser');
    await tabTo(page, '#zip');
    await page.keyboard.press('Enter');
    await (await given).setFiles(zip);
    await page.locator('.verdict').first().waitFor();
    expect(await page.locator('.verdict').textContent()).toContain('intact');
    await page.reload();
    await tabTo(page, '#folder');
    await page.close();
  });

  it('ask nobody for anything, and log no error', async () => {
    const context = await browser.newContext();
    const heard = listenTo(context, 'file:');
    const page = await context.newPage();
    await page.goto(report);
    await page.getByRole('button', { name: 'Open all' }).click();
    await page.goto(verifyPage);
    await page.locator('#zip').setInputFiles(zip);
    await page.locator('.verdict').first().waitFor();
    await context.close();
    expect(heard).toEqual([]);
  });
});
