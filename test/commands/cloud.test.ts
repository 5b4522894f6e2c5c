import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bundleHelper } from '../../scripts/bundle-helper.ts';
import { loadFetchConfiguration } from '../../src/runner/configuration/load-fetch-configuration.ts';
import { callCommand } from './call-command.ts';

let folder: string;
let settings: Readonly<Record<string, string>>;
let page: string;
let ended: Promise<unknown>;
const stop = new AbortController();
const said: string[] = [];
const printed: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keyturn-cloud-'));
  const up = new Promise<void>((resolve, reject) => {
    const words = ['cloud', '--env', 'cloud.env', '--port', '0', '--portal', '7999', '--json'];
    ended = callCommand(words, {
      directory: folder,
      environment: { PATH: process.env['PATH'] },
      signal: stop.signal,
      print: (line) => printed.push(line),
      say: (line) => {
        said.push(line);
        if (line.includes('getting-started')) resolve();
      },
    }).then(({ code }) => {
      if (code !== 0) reject(new Error(said.join('\n')));
      return code;
    });
  });
  await up;
  settings = parseEnv(readFileSync(join(folder, 'cloud.env'), 'utf8')) as Record<string, string>;
  page = /What is where: (\S+)/.exec(said.join('\n'))?.[1] ?? '';
});

afterAll(async () => {
  stop.abort();
  expect(await ended).toBe(0);
  rmSync(folder, { recursive: true, force: true });
});

describe('keyturn cloud', () => {
  it('writes settings that only their owner can read, and with which doctor finds nothing that fails', async () => {
    expect(statSync(join(folder, 'cloud.env')).mode & 0o777).toBe(0o600);
    expect(printed).toEqual([JSON.stringify({ page, file: join(folder, 'cloud.env') })]);
    const { code, printed: lines } = await callCommand(['doctor'], { environment: service() });
    expect(lines.filter((line) => line.startsWith('fail'))).toEqual([]);
    expect(code).toBe(0);
    expect(lines.join('\n')).toContain('vault keyturn-embedded: reached');
  });

  it('serves a page that says what is where, and shows no value', async () => {
    const answer = await fetch(page);
    const text = await answer.text();
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    for (const name of ['KEYTURN_GITEA_URL', 'KEYTURN_LOG_ENDPOINT', 'KEYTURN_OPENID_ISSUER', 'KEYTURN_PUBLIC_URL'])
      expect(text).toContain(settings[name]);
    expect(text).toContain('payments-api-key');
    for (const name of ['KEYTURN_GITEA_TOKEN', 'KEYTURN_OPENID_CLIENT_SECRET', 'TRIAL_GITEA_TOKEN'])
      expect(text).not.toContain(settings[name]);
    expect(text).not.toMatch(/trial-[0-9a-f]{8}-/);
  });

  it('has a runner whose jobs ask the broker, by a configuration that the page shows and names no identity in Azure', async () => {
    const text = await (await fetch(page)).text();
    const path = join(folder, '.keyturn/cloud/fetch-by-broker.json');
    expect(text).toContain(path);
    expect(text).toContain('shop-broker');
    const configuration = loadFetchConfiguration({ KEYTURN_FETCH_CONFIGURATION: path }, join(folder, 'not-there'));
    expect(configuration).toMatchObject({ service: 'http://localhost:7999', identity: { kind: 'broker' } });
  });

  it('signs a developer in by the code that the helper shows, and by no form of another page', async () => {
    const helper = join(folder, 'keyturn-fetch.cjs');
    await bundleHelper('keyturn-fetch.cjs', helper);
    const command = ['exec', '--secret', 'KEY=payments-api-key', '--', 'sh', '-c', 'echo "is $KEY"'];
    const child = spawn(process.execPath, [helper, ...command], {
      env: { PATH: '/usr/bin:/bin', XDG_CONFIG_HOME: join(folder, '.keyturn/cloud/laptop') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [output, log] = ['', ''];
    child.stdout.on('data', (part: Buffer) => (output += part.toString()));
    child.stderr.on('data', (part: Buffer) => (log += part.toString()));
    const closed = once(child, 'close') as Promise<[number | null]>;
    await vi.waitFor(() => expect(log).toContain('enter the code'), { timeout: 120_000, interval: 20 });
    const [, address = '', code = ''] = /open (\S+) in a browser and enter the code (\w+)/.exec(log) ?? [];
    const enter = async (text: string, headers = {}) =>
      (await fetch(address, { method: 'POST', headers, body: new URLSearchParams({ code: text }) })).status;
    expect(await (await fetch(address)).text()).toContain('1 sign-in waiting');
    expect([await enter(code, { origin: 'http://attacker.example' }), await enter('WRONG')]).toEqual([403, 404]);
    expect(await enter(code.toLowerCase())).toBe(200);
    expect([(await closed)[0], output]).toEqual([0, 'is ***\n']);
  });

  it('answers this machine only by its own name', async () => {
    const status = await new Promise((resolve, reject) => {
      request(page, { headers: { host: 'attacker.example' } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(421);
    expect((await fetch(page, { method: 'POST' })).status).toBe(405);
    expect((await fetch(`${page}/jobs/9`)).status).toBe(404);
  });

  it('replaces its own file of settings, and no other', async () => {
    writeFileSync(join(folder, 'other.env'), 'SOMETHING=else\n');
    const words = ['cloud', '--env', 'other.env', '--port', '0', '--data', join(folder, 'other')];
    const { code, said: told } = await callCommand(words, { directory: folder });
    expect([code, told.join('\n')]).toEqual([2, expect.stringContaining('other.env is there already')]);
    expect(readFileSync(join(folder, 'other.env'), 'utf8')).toBe('SOMETHING=else\n');
  });
});

/** The settings of a service: the others are for the person who follows the page. */
function service(): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => name.startsWith('KEYTURN_')));
}
