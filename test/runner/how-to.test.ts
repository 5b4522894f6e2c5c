import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { skipUnless } from '../skip-unless.ts';
import { parseExecOptions } from './exec-words.ts';
import { type FetchWorld, startFetchWorld } from './fetch-world.ts';
import { has, helperOnPath, recipe, recipePage, runInJob } from './recipe.ts';

let world: FetchWorld;
let bin: string;
beforeAll(async () => {
  world = await startFetchWorld();
  bin = helperOnPath(world);
});
afterAll(() => world.stop());

describe('docs/how-to.md', () => {
  const blocks = [...recipePage.matchAll(/```sh\n([^`]+)```/g)].map(([, block = '']) => block);

  it('calls keyturn-fetch as it is called, in every recipe', () => {
    const stub = join(world.directory, 'stub');
    mkdirSync(stub);
    writeFileSync(join(stub, 'keyturn-fetch'), '#!/bin/sh\nshift\nprintf "%s\\0" "$@"\n', { mode: 0o755 });
    expect(blocks.length).toBeGreaterThanOrEqual(9);
    for (const block of blocks) {
      const output = execFileSync('/bin/sh', ['-c', block], {
        env: { PATH: `${stub}:/usr/bin:/bin` },
        encoding: 'utf8',
      });
      const { requests, command } = parseExecOptions(output.split('\0').slice(0, -1));
      expect([block, requests.length > 0, command.length > 0]).toEqual([block, true, true]);
    }
  });

  it('tells of every recipe whether the tests run it', () => {
    const headings = [...recipePage.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading);
    const [, table = ''] = /\n\n(\|[^]*?)\n\n/.exec(recipePage) ?? [];
    const named = (heading: string) => (/`uses:`/.test(heading) ? '`uses:`' : heading);
    expect(headings.filter((heading) => !table.includes(named(heading)))).toEqual([]);
  });
});

/** Serves a folder on loopback to callers with this `Authorization`, and counts what it refused. */
async function serve(folder: string, authorization: string): Promise<{ server: Server; origin: string }> {
  const server = createServer((request, response) => {
    if (request.headers.authorization !== authorization) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
      return;
    }
    const path = join(folder, decodeURIComponent((request.url ?? '').split('?')[0] ?? ''));
    const file = existsSync(path) && statSync(path).isDirectory() ? join(path, 'index.html') : path;
    if (!existsSync(file)) return void response.writeHead(404).end();
    if (file.endsWith('.html')) response.setHeader('content-type', 'text/html');
    createReadStream(file).pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, origin: `127.0.0.1:${String((server.address() as AddressInfo).port)}` };
}

/** Runs a recipe in a job, its example host replaced by a server that takes the secret alone. */
async function run(heading: string, host: string, folder: string, project: string, authorization: string) {
  const { server, origin } = await serve(folder, authorization);
  const script = recipe(heading).replaceAll(`https://ci:$PIP_PASSWORD@${host}`, `http://ci:$PIP_PASSWORD@${origin}`);
  for (const file of ['.npmrc', 'package-lock.json'].map((name) => join(project, name))) {
    if (existsSync(file)) writeFileSync(file, readFileSync(file, 'utf8').replaceAll(host, origin));
  }
  const ran = await runInJob(world, bin, project, script.replaceAll(`https://${host}`, `http://${origin}`), {
    PIP_TARGET: join(project, 'installed'),
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    GIT_TERMINAL_PROMPT: '0',
  });
  server.closeAllConnections();
  server.close();
  return ran;
}

const basic = (password: string) => `Basic ${Buffer.from(`ci:${password}`).toString('base64')}`;

describe('a recipe that is run', () => {
  it(
    'npm: installs from a registry that wants the token',
    skipUnless(has('npm', '--version'), 'npm is not installed'),
    async () => {
      const token = 'npm_0123456789abcdefghijklmnopqrstuvwxyz';
      world.cloud.vault.seed({ name: 'npm-token', value: token });
      const [registry, project, source] = [1, 2, 3].map(() => mkdtempSync(join(world.directory, 'npm-')));
      writeFileSync(join(source ?? '', 'package.json'), '{"name":"library","version":"1.0.0"}');
      mkdirSync(join(registry ?? '', 'library', '-'), { recursive: true });
      execFileSync('npm', ['pack', source ?? '', '--pack-destination', join(registry ?? '', 'library', '-')], {
        stdio: 'ignore',
      });
      const [, npmrc = ''] = /```ini\n([^`]+)```/.exec(recipePage) ?? [];
      writeFileSync(join(project ?? '', '.npmrc'), npmrc);
      const dependencies = { library: '1.0.0' };
      writeFileSync(
        join(project ?? '', 'package.json'),
        JSON.stringify({ name: 'app', version: '1.0.0', dependencies }),
      );
      const resolved = 'http://registry.example.net/library/-/library-1.0.0.tgz';
      const packages = { '': { dependencies }, 'node_modules/library': { version: '1.0.0', resolved } };
      writeFileSync(join(project ?? '', 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }));
      const { code, log } = await run('npm', 'registry.example.net', registry ?? '', project ?? '', `Bearer ${token}`);
      expect([code, log]).toEqual([0, expect.not.stringContaining(token)]);
      expect(existsSync(join(project ?? '', 'node_modules/library/package.json'))).toBe(true);
    },
  );

  it(
    'pip: installs from an index that wants the password',
    skipUnless(has('python3', '-m', 'pip', '--version'), 'pip is not installed (python3-pip)'),
    async () => {
      const password = 'pip-password-0123456789';
      world.cloud.vault.seed({ name: 'pip-password', value: password });
      const [index, project] = [1, 2].map(() => mkdtempSync(join(world.directory, 'pip-')));
      const folder = join(index ?? '', 'simple', 'library');
      mkdirSync(folder, { recursive: true });
      const wheel = 'library-1.0.0-py3-none-any.whl';
      writeFileSync(join(folder, 'index.html'), `<!DOCTYPE html><a href="${wheel}">${wheel}</a>`);
      const script = [
        'import sys, zipfile',
        'wheel = zipfile.ZipFile(sys.argv[1], "w")',
        'wheel.writestr("library.py", "")',
        'wheel.writestr("library-1.0.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: library\\nVersion: 1.0.0\\n")',
        'wheel.writestr("library-1.0.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")',
        'wheel.writestr("library-1.0.0.dist-info/RECORD", "")',
        'wheel.close()',
      ].join('\n');
      execFileSync('python3', ['-c', script, join(folder, wheel)]);
      writeFileSync(join(project ?? '', 'requirements.txt'), 'library==1.0.0\n');
      const { code, log } = await run('pip', 'pypi.example.net', index ?? '', project ?? '', basic(password));
      expect([code, log]).toEqual([0, expect.not.stringContaining(password)]);
      expect(existsSync(join(project ?? '', 'installed', 'library.py'))).toBe(true);
    },
  );

  it('git: clones over http with the token', skipUnless(has('git', '--version'), 'git is not installed'), async () => {
    const token = 'git-token-0123456789abcdef';
    world.cloud.vault.seed({ name: 'git-token', value: token });
    const [root, project] = [1, 2].map(() => mkdtempSync(join(world.directory, 'git-')));
    const bare = join(root ?? '', 'acme', 'library.git');
    const git = (...words: string[]) =>
      execFileSync('git', words, { stdio: 'ignore', env: { PATH: process.env['PATH'], HOME: root } });
    git('init', '--quiet', join(root ?? '', 'work'));
    git(
      '-C',
      join(root ?? '', 'work'),
      '-c',
      'user.name=a',
      '-c',
      'user.email=a@b',
      'commit',
      '--quiet',
      '--allow-empty',
      '-m',
      'First',
    );
    git('clone', '--quiet', '--bare', join(root ?? '', 'work'), bare);
    // Served as files, which git reads without a program on the other side.
    git('-C', bare, 'update-server-info');
    const { code, log } = await run('git over https', 'git.example.net', root ?? '', project ?? '', basic(token));
    expect([code, log]).toEqual([0, expect.not.stringContaining(token)]);
    expect(readFileSync(join(project ?? '', 'library', '.git', 'config'), 'utf8')).not.toContain(token);
  });
});
