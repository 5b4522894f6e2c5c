import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { jailedAsRoot } from '../runner/use/jail-here.ts';
import { skipUnless } from '../skip-unless.ts';
import { answerRequest } from '../../src/grants/answer-request.ts';
import { readBrokerHistory } from '../../src/broker/history/broker-history.ts';
import { type JailedPrograms, needs, startJailedPrograms } from './jailed-programs.ts';
import { gitServer } from './service-programs.ts';

/** Each is a real program, and the broker is the real one. `npm run test:servers` has more of them. */
let programs: JailedPrograms;

beforeAll(async () => {
  programs = await startJailedPrograms({
    'api.example.com': 'header:authorization',
    'git.example.com': 'basic',
  });
});
afterAll(async () => await programs.world.stop());

/** Node 18 or 20, which ignores the variables of proxies. */
const oldNode = ['/usr/bin/node', '/usr/local/bin/node'].find((path) => {
  if (!existsSync(path)) return false;
  const { stdout } = spawnSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8', cwd: '/' });
  return /^(18|20)\./.test(stdout);
});

describe('a real program that uses a secret and never has it', jailedAsRoot, () => {
  it('curl, at a service that echoes the credential', needs('curl', 'curl', '--version'), async () => {
    const { world, hasBearer, run, expectNoValue } = programs;
    world.serve('api.example.com', (request, response) => {
      response.end(hasBearer(request) ? `you sent ${request.headers.authorization ?? ''}` : 'no');
    });
    const url = world.urlOf('api.example.com');
    const { code, text } = await run(`curl -sS --fail --compressed -H "Authorization: Bearer $TOKEN" ${url}/items`);
    expect([code, text]).toEqual([0, expect.stringContaining('you sent Bearer ***')]);
    expectNoValue(text);
    const { uses } = await readBrokerHistory(world.records, { from: new Date(0), to: new Date(4e12) });
    const { host, method, path, status } = uses.at(-1) ?? {};
    expect([host, method, path, status]).toEqual([new URL(url).host, 'GET', '/**', 200]);
  });

  it('git: clone and push over https', needs('git', 'git', '--version'), async () => {
    const { world, hasBasic, run, expectNoValue } = programs;
    const root = join(world.workspace, '..', 'repositories');
    mkdirSync(root);
    execFileSync('git', ['init', '-q', '--bare', '-b', 'main', join(root, 'shop.git')]);
    execFileSync('git', ['-C', join(root, 'shop.git'), 'config', 'http.receivepack', 'true']);
    world.serve('git.example.com', gitServer(root, hasBasic));
    const url = world.urlOf('git.example.com').replace('https://', 'https://job:$TOKEN@');
    const { code, text } = await run(
      [
        `git clone -q "${url}/shop.git" clone && cd clone && git checkout -q -b main`,
        'head -c 3000000 /dev/urandom >large && git add large',
        'git -c user.name=a -c user.email=a@example.com commit -q -m "Add a large file"',
        'git push -q origin main && git fetch -q origin && git rev-parse origin/main',
      ].join('\n'),
    );
    expect([code, text]).toEqual([0, expect.stringMatching(/[0-9a-f]{40}/)]);
    const log = execFileSync('git', ['-C', join(root, 'shop.git'), 'log', '--format=%s'], { encoding: 'utf8' });
    expect(log).toBe('Add a large file\n');
    expectNoValue(text);
  });

  it('waits for a person where one must approve, and goes on when they have', async () => {
    const { world } = programs;
    const { gitea } = world.cloud;
    const [carl] = ['carl', 'ann', 'bob'].map((name) => gitea.addUser({ name, password: 'battery staple' }));
    world.serve('api.example.com', (_request, response) => void response.end('yes'));
    const job = world.startJob({ actor: 'ann', author: 'bob' });
    const script = `curl -sS --fail -H "Authorization: Bearer $TOKEN" ${world.urlOf('api.example.com')}/`;
    const words = ['--wait', '2m', '--secret', 'TOKEN=payments'];
    const waiting = world.use(job, ['sh', '-c', script], words);
    const { grant } = await vi.waitFor(() => world.asked[0] ?? expect.fail('nobody was asked'), { timeout: 100_000 });
    const subject = { issuer: gitea.url, id: String(carl?.id) };
    const by = { kind: 'signed-in', subject, name: 'carl' } as const;
    await answerRequest(world.grants, { grant, by, says: 'approve', breakGlass: false, reason: 'release 7' });
    expect(await waiting).toBe(0);
    expect(world.logOf(job)).toMatch(/It waits for .* to approve/);
  }, 180_000);

  it('Node: fetch', async () => {
    const { world, hasBearer, run, expectNoValue } = programs;
    world.serve('api.example.com', (request, response) => void response.end(hasBearer(request) ? 'yes' : 'no'));
    const script = `fetch('${world.urlOf('api.example.com')}/', { headers: { authorization: 'Bearer ' + process.env.TOKEN } }).then((a) => a.text()).then(console.log)`;
    const { code, text } = await run(`'${process.execPath}' -e "${script}"`);
    expect([code, text]).toEqual([0, expect.stringMatching(/ yes$/m)]);
    expectNoValue(text);
  });

  it(
    'Node 20: fetch ignores the variables, and fails',
    skipUnless(oldNode !== undefined, 'Node 20 is not installed on this machine'),
    async () => {
      const { world, run } = programs;
      const script = `fetch('${world.urlOf('api.example.com')}/').then(() => process.exit(0), () => process.exit(9))`;
      expect((await run(`'${oldNode ?? ''}' -e "${script}"`)).code).toBe(9);
    },
  );

  it('Python: urllib', needs('Python 3', 'python3', '--version'), async () => {
    const { world, hasBearer, run, write, expectNoValue } = programs;
    world.serve('api.example.com', (request, response) => void response.end(hasBearer(request) ? 'yes' : 'no'));
    const headers = "{'Authorization': 'Bearer ' + os.environ['TOKEN']}";
    write(
      'client.py',
      `import os, urllib.request\nr = urllib.request.Request('${world.urlOf('api.example.com')}/', headers=${headers})\nprint(urllib.request.urlopen(r).read().decode())\n`,
    );
    const { code, text } = await run('python3 client.py');
    expect([code, text]).toEqual([0, expect.stringMatching(/ yes$/m)]);
    expectNoValue(text);
  });
});
