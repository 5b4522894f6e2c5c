// Pictures of the terminal: real runs under a pseudo terminal, drawn by a terminal emulator in the browser.
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environment, root } from './prepare.mjs';

const columns = 128;

/**
 * @typedef {{ readonly folder: string, readonly env: Readonly<Record<string, string | undefined>> }} Place
 * @typedef {{ readonly command: string, readonly output: string }} Shown
 */

/**
 * Follows docs/getting-started.md in a folder of its own and takes a picture of each command worth seeing.
 * @param {import('playwright-core').Page} page
 * @param {{ readonly out: string, readonly folder: string }} places `out`: for the pictures; `folder`: to work in
 */
export async function takeTerminalPictures(page, { out, folder }) {
  /** @type {(name: string, ...shown: readonly Shown[]) => Promise<void>} */
  const take = async (name, ...shown) => {
    const path = join(out, `terminal-${name}.png`);
    await drawTerminal(page, path, shown);
    console.log(path);
  };
  await takeStory(take, folder);
  const trial = await startTrial(folder);
  try {
    await takeTrial(take, trial);
  } finally {
    for (const child of trial.children.toReversed()) await end(child);
  }
}

/**
 * @param {(name: string, ...shown: readonly Shown[]) => Promise<void>} take
 * @param {string} folder
 */
async function takeStory(take, folder) {
  const words = `npm start --silent -- --once --port 0 --data ${join(folder, 'story')}`;
  const { output } = await runInTerminal(words, { folder: root, env: environment() });
  const shown = { command: 'npm start -- --once', output };
  await take('start', shown);
  // The same output as the person sees it on the way: a day takes the place of the one before it.
  const midway = output.indexOf('Day 19 of 31');
  if (midway === -1) throw new Error('npm start showed no progress on a terminal.');
  await take('progress', { ...shown, output: output.slice(0, output.indexOf('\r', midway)) });
}

/** @typedef {Place & { readonly children: import('node:child_process').ChildProcess[] }} Trial */

/**
 * The embedded cloud and a service in it, as in docs/getting-started.md.
 * @param {string} folder
 * @returns {Promise<Trial>}
 */
async function startTrial(folder) {
  const place = join(folder, 'first-hour');
  const programs = join(folder, 'programs');
  for (const one of [place, programs]) mkdirSync(one);
  const keyturn = join(programs, 'keyturn');
  writeFileSync(keyturn, `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'dist/cli.js')}' "$@"\n`);
  chmodSync(keyturn, 0o755);
  const env = { ...environment(), PATH: [programs, environment().PATH].join(delimiter) };
  const ports = `--port ${await freePort()} --portal ${await freePort()}`;
  const cloud = await startAndWait(`keyturn cloud --env cloud.env ${ports}`, /What is where: (\S+)/, {
    folder: place,
    env,
  });
  return { folder: place, env: { ...env, CLOUD: cloud.found }, children: [cloud.child] };
}

/**
 * @param {(name: string, ...shown: readonly Shown[]) => Promise<void>} take
 * @param {Trial} trial
 */
async function takeTrial(take, trial) {
  /** @type {(command: string, typed?: string) => Promise<Shown>} */
  const run = async (command, typed = command) => {
    const { output } = await runInTerminal(`set -a; . ./cloud.env; set +a; ${command}`, trial);
    return { command: typed, output };
  };
  await take('help', await run('keyturn rotate --help'));
  await run(`cat > keyturn.policy.yml <<POLICY\n${policyWithMistakes}POLICY`);
  await take('policy', await run('cat keyturn.policy.yml'), await run('keyturn policy check'));
  await run(
    `cat > keyturn.policy.yml <<POLICY\n${policy}POLICY\necho KEYTURN_POLICY=$PWD/keyturn.policy.yml >> cloud.env`,
  );
  const serve = await startAndWait(
    'set -a; . ./cloud.env; set +a; exec keyturn serve',
    /("work":"collect log rows")/,
    trial,
  );
  trial.children.push(serve.child);
  await take('doctor', await run('keyturn doctor'));
  await take('adopt', await run('keyturn adopt'));
  await take('plan', await run('keyturn rotate payments-api-key --plan'), await run('keyturn reconcile --plan'));
  await take('rotate', await run('keyturn rotate payments-api-key --reason "the first rotation"'));
  await run(
    `${pushWorkflow}; until curl --silent $CLOUD/jobs/newest | grep --quiet 'Job succeeded'; do sleep 0.2; done`,
  );
  await take('job', await run('curl --silent $CLOUD/jobs/newest', 'curl --silent http://localhost:7070/jobs/newest'));
  await take(
    'secrets',
    await run('keyturn list'),
    await run('keyturn status'),
    await run('keyturn show payments-api-key'),
  );
  await take('findings', await run('keyturn findings'));
}

const policy = `format: 1
secrets:
  payments-api-key:
    issuer: generated
    target: { length: 40 }
    validity: 90d
    grace: 1m
    consumersLifetime: 10s
    environment: prod
    namespaces: [shop]
namespaces:
  shop: { repositories: [acme/shop], branches: [main] }
identities:
  $TRIAL_SERVICE_OBJECT_ID: { role: rotator }
  $TRIAL_RUNNER_OBJECT_ID:
    { role: runner, labels: [shop], repositories: [acme/shop], addresses: [203.0.113.10] }
`;

const policyWithMistakes = `format: 1
secrets:
  payments-api-key:
    issuer: genrated
    target: { lenght: 40 }
    validity: 90 days
    grace: 1m
    namespaces: [shops]
namespaces:
  shop: { repositories: [shop], branches: main }
`;

const pushWorkflow = `cat > pay.yml <<'WORKFLOW'
on: push
jobs:
  pay:
    runs-on: shop
    steps:
      - run: |
          keyturn-fetch exec --secret API_KEY=payments-api-key -- sh -c 'echo "paying with $API_KEY"'
WORKFLOW
curl --fail --silent --show-error --output pushed.json --header "authorization: token $TRIAL_GITEA_TOKEN" \\
  --json "{\\"content\\": \\"$(base64 --wrap 0 pay.yml)\\"}" \\
  "$KEYTURN_GITEA_URL/api/v1/repos/acme/shop/contents/.gitea/workflows/pay.yml"`;

/**
 * Runs a command to its end under a pseudo terminal of util-linux. Resolves with all that it wrote there.
 * @param {string} command
 * @param {Place} place
 * @returns {Promise<{ readonly output: string }>}
 */
async function runInTerminal(command, { folder, env }) {
  const shell = `stty cols ${String(columns)} rows 50; ${command}`;
  const child = spawn('script', ['--quiet', '--command', shell, '/dev/null'], {
    cwd: folder,
    env: { ...env, TERM: 'xterm-256color' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => void (output += text));
  await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { output };
}

/**
 * Starts what stays, and resolves with the first group of a pattern once a line matches it.
 * @param {string} command
 * @param {RegExp} pattern
 * @param {Place} place
 * @returns {Promise<{ readonly child: import('node:child_process').ChildProcess, readonly found: string }>}
 */
async function startAndWait(command, pattern, { folder, env }) {
  const line = command.startsWith('set ') ? command : `exec ${command}`;
  const child = spawn('bash', ['--norc', '-c', line], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  const found = await new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (more) => {
        text += more;
        const match = pattern.exec(text);
        if (match !== null) resolve(match[1] ?? '');
      });
    }
    child.once('exit', () => reject(new Error(`${command} did not come up:\n${text}`)));
  });
  return { child, found };
}

/** @param {import('node:child_process').ChildProcess} child */
async function end(child) {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** @returns {Promise<string>} */
async function freePort() {
  return await new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(String(typeof address === 'object' ? address?.port : 0)));
    });
  });
}

/**
 * Draws commands with what they wrote, as one terminal that is as high as its lines.
 * @param {import('playwright-core').Page} page
 * @param {string} path
 * @param {readonly Shown[]} shown
 */
async function drawTerminal(page, path, shown) {
  const prompt = '\u001b[1;32m$\u001b[0m ';
  const text = shown.map(({ command, output }) => `${prompt}\u001b[1m${command}\u001b[0m\r\n${output}`).join('\r\n');
  await page.setViewportSize({ width: 1100, height: 800 });
  await page.setContent(
    `<!doctype html><style>body { margin: 0; background: #16181d; } #terminal { display: inline-block; padding: 14px 16px; }</style><div id="terminal"></div>`,
  );
  await page.addStyleTag({ path: fileURLToPath(import.meta.resolve('@xterm/xterm/css/xterm.css')) });
  await page.addScriptTag({ path: fileURLToPath(import.meta.resolve('@xterm/xterm/lib/xterm.js')) });
  await page.evaluate(`new Promise((drawn) => {
    const terminal = new Terminal({
      cols: ${String(columns)}, rows: 400, scrollback: 0, fontSize: 12, lineHeight: 1.2,
      fontFamily: '"DejaVu Sans Mono", monospace', cursorStyle: 'bar', cursorInactiveStyle: 'none',
      theme: { background: '#16181d', foreground: '#d7dae0', yellow: '#e5c07b', green: '#8fc96f', cyan: '#6cc5d9', red: '#ef7b85', brightBlack: '#8b919c' },
    });
    terminal.open(document.querySelector('#terminal'));
    terminal.write(${JSON.stringify(text.trimEnd())}, () => {
      terminal.resize(${String(columns)}, terminal.buffer.active.cursorY + 1);
      requestAnimationFrame(() => requestAnimationFrame(drawn));
    });
  })`);
  await page.locator('#terminal').screenshot({ path });
}
