import axe from 'axe-core';
import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

/** A phone, a window and the dark: what every page must hold in. */
export const views: readonly (readonly [string, BrowserContextOptions])[] = [
  ['at 390 pixels', { viewport: { width: 390, height: 844 }, colorScheme: 'light' }],
  ['at 1280 pixels', { viewport: { width: 1280, height: 900 }, colorScheme: 'light' }],
  ['in the dark', { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' }],
];

/** What axe finds on a page as it is, one line each. The page's context must bypass its content security policy. */
export async function violationsOn(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const found: unknown = await page.evaluate(
    'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => `${id} at ${nodes[0].target.join(" ")}`))',
  );
  return found as readonly string[];
}

/** Whether a page is wider than its window. */
export async function isTooWide(page: Page): Promise<boolean> {
  return (await page.evaluate('document.documentElement.scrollWidth > innerWidth')) === true;
}

/** Everything that pages of a context ask of another place than `own`, and every error of their console. */
export function listenTo(context: BrowserContext, own: string): readonly string[] {
  const heard: string[] = [];
  context.on('request', (request) => {
    if (!request.url().startsWith(own) && !request.url().startsWith('data:')) heard.push(request.url());
  });
  context.on('console', (message) => {
    if (message.type() === 'error') heard.push(message.text());
  });
  context.on('weberror', (error) => heard.push(error.error().message));
  return heard;
}

/** Presses Tab until the element has the focus; a keyboard that cannot reach it fails. */
export async function tabTo(page: Page, selector: string, most = 60): Promise<void> {
  for (let pressed = 0; pressed < most; pressed += 1) {
    await page.keyboard.press('Tab');
    if ((await page.locator(`${selector}:focus`).count()) > 0) return;
  }
  throw new Error(`The keyboard does not reach ${selector}.`);
}
