// `npm run pictures [portal|terminal]`: replays the embedded story and the first hour, and takes the pictures of README.md and
// docs/ from them, into docs/pictures. Needs Chromium, pdftoppm and the program `script` on this machine; downloads nothing.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { environment, prepare, root, run } from './prepare.mjs';
import { takeTerminalPictures } from './terminal-pictures.mjs';

const [wanted = 'all'] = process.argv.slice(2);
if (!['all', 'portal', 'terminal'].includes(wanted)) {
  console.error('npm run pictures takes portal, terminal or nothing.');
  process.exit(2);
}
await prepare();
run('node', ['scripts/build.mjs'], { quiet: true });
const { chromium } = await import('playwright-core');

const browsers = ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join('/usr/bin', name));
const executablePath = browsers.find((path) => existsSync(path));
if (executablePath === undefined) {
  console.error(`No browser was found: ${browsers.join(', ')}. On Debian: apt-get install chromium`);
  process.exit(1);
}
const out = join(root, 'docs/pictures');
mkdirSync(out, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'keyturn-pictures-'));
const browser = await chromium.launch({
  executablePath,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
try {
  const page = await browser.newPage({ viewport: { width: 1100, height: 700 }, colorScheme: 'light' });
  if (wanted !== 'terminal') await takePortal(page);
  if (wanted !== 'portal') await takeTerminalPictures(page, { out, folder });
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}

/** @param {import('playwright-core').Page} page */
async function takePortal(page) {
  const story = spawn('node', ['dist/cli.js', 'start', '--port', '0', '--data', join(folder, 'data')], {
    cwd: root,
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const portal = await portalOf(story);
    await page.goto(`${portal}/reports`);
    const report = await page.locator('a[href*="/reports/"]').first().getAttribute('href');
    await take(page, 'portal', `${portal}/rotations`, 617);
    for (const name of ['overview', 'secrets', 'reads', 'findings', 'reports', 'access', 'setup'])
      await take(page, name, `${portal}/${name === 'overview' ? '' : name}`, 774);
    await page.goto(`${portal}/secrets`);
    const secret = await page.locator('main a[href^="/secrets/"]').first().getAttribute('href');
    await take(page, 'secret', new URL(secret ?? '', portal).href, 774);
    const pack = new URL(report ?? '', portal).href.replace(/\/(?:report\.html)?$/, '');
    await take(page, 'report', `${pack}/report.html`, 774);
    await takePaper(page, `${pack}/report.pdf?download`, [1, 2, 3]);
  } finally {
    story.kill('SIGTERM');
  }
}

/**
 * The portal's address, once the story is told and the portal waits.
 * @param {{ readonly stdout: import('node:stream').Readable }} child
 */
async function portalOf(child) {
  let address = null;
  for await (const line of createInterface({ input: child.stdout })) {
    address ??= /http:\/\/(?:localhost|127\.0\.0\.1):\d+/.exec(line)?.[0] ?? null;
    if (/Ctrl\+C/.test(line) && address !== null) return address;
  }
  throw new Error('The story ended before its portal could be seen.');
}

/**
 * @param {import('playwright-core').Page} page
 * @param {string} name
 * @param {string} address
 * @param {number} height
 */
async function take(page, name, address, height) {
  await page.setViewportSize({ width: 1100, height });
  const answer = await page.goto(address, { waitUntil: 'load' });
  if (answer?.status() !== 200) throw new Error(`${address} answered ${String(answer?.status())}.`);
  const path = join(out, `${name}.png`);
  await page.screenshot({ path });
  console.log(path);
}

/**
 * Pages of the report on paper.
 * @param {import('playwright-core').Page} page
 * @param {string} address
 * @param {readonly number[]} numbers
 */
async function takePaper(page, address, numbers) {
  const answer = await page.request.get(address);
  if (!answer.ok()) throw new Error(`${address} answered ${String(answer.status())}.`);
  const paper = join(folder, 'report.pdf');
  writeFileSync(paper, await answer.body());
  for (const number of numbers) {
    const path = join(out, `paper-${String(number)}`);
    const words = ['-png', '-r', '60', '-f', String(number), '-l', String(number), '-singlefile', paper, path];
    const { status } = spawnSync('pdftoppm', words, { stdio: 'inherit' });
    if (status !== 0) throw new Error('pdftoppm did not draw the page. On Debian: apt-get install poppler-utils');
    console.log(`${path}.png`);
  }
}
