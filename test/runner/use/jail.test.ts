import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningJob } from '../../../embedded/gitea/embedded-gitea.ts';
import { instanceOf } from '../../../src/provenance/job-numbers.ts';
import { jailWords } from '../../../src/runner/use/jail-script.ts';
import { pathInSharedMemory } from '../shared-memory.ts';
import { skipUnless } from '../../skip-unless.ts';
import { jailed, withNetwork } from './jail-here.ts';
import { secretValue, startUseWorld, type UseWorld } from './use-world.ts';

let world: UseWorld;
let outside: string;
const stops: (() => void)[] = [];

beforeAll(async () => {
  world = await startUseWorld();
  outside = mkdtempSync(join(tmpdir(), 'outside-of-the-jail-'));
  await world.serve('api.example.com', (request, response) => {
    const isSwapped = request.headers.authorization === `Bearer ${secretValue}`;
    response.end(isSwapped ? 'swapped' : 'not swapped');
  });
});
afterAll(async () => {
  for (const stop of stops) stop();
  await world.stop();
  rmSync(outside, { recursive: true, force: true });
});

/** Runs a script in the jail, with `name=…` in its environment, and returns what it printed. */
async function inJail(script: string, environment: Readonly<Record<string, string>> = {}): Promise<string> {
  const job = world.startJob();
  await world.use(job, ['sh', '-c', script], { environment });
  return printed(job);
}

function printed(job: RunningJob): string {
  return world
    .logOf(job)
    .split('\n')
    .map((line) => line.replace(/^\S+Z /, ''))
    .join('\n');
}

/** Outside of the jail. */
async function curl(...words: readonly string[]): Promise<string> {
  return (await promisify(execFile)('curl', ['-sS', '-m', '20', ...words])).stdout;
}

/** Listens until the end of these tests. */
async function listen(server: Server, at: number | string): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(at, resolve));
  stops.push(() => void server.close());
  return server;
}

describe('a command in the jail', jailed, () => {
  it('uses a secret that it never sees', async () => {
    const text = await inJail(
      'curl -sS -H "Authorization: Bearer $TOKEN" https://api.example.com/; echo; echo "$TOKEN"',
    );
    expect(text).toMatch(/^swapped$/m);
    expect(text).toMatch(/^keyturn-use-\S{32}$/m);
    expect(text).not.toContain(secretValue);
    expect(world.broker.placeholdersAsked.at(-1)).toMatchObject({ jail: 'namespaces' });
  });

  it('reaches no server of this machine, no other machine and no metadata service', async () => {
    const server = await listen(
      createHttpServer((_, response) => response.end('reached')),
      0,
    );
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
    expect(await curl('--noproxy', '*', url)).toBe('reached');
    const urls = [url, 'http://169.254.169.254/metadata/', 'https://192.0.2.1/', 'http://[::1]:80/'];
    const script = urls.map((each) => `curl -sS -m 5 --noproxy '*' '${each}'; echo "code $?"`).join('\n');
    const text = await inJail(script);
    expect(text.match(/^code 7$/gm)).toHaveLength(urls.length);
    expect(text).not.toContain('reached');
  });

  it('reaches no host that the policy does not name, and is told so', async () => {
    const text = await inJail('curl -sS https://other.example/; echo "code $?"; curl -sS http://api.example.com/');
    expect(text).toContain('code 56');
    expect(text).toContain('other.example is not a host that the policy names');
    expect(text).toContain('Plain http is not proxied');
  });

  it('reaches no socket with a path, wherever it lies, and none without', async () => {
    const paths = [
      join(outside, 'engine.sock'),
      join(outside, 'deep', 'in', 'agent.sock'),
      pathInSharedMemory('bus.sock'),
    ];
    mkdirSync(join(outside, 'deep', 'in'), { recursive: true });
    for (const path of paths) {
      await listen(createHttpServer((_, response) => response.end('reached')) as Server, path);
      expect(await curl('--unix-socket', path, 'http://x/')).toBe('reached');
    }
    const name = `keyturn-test-${String(process.pid)}`;
    await listen(
      createServer((socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nreached')),
      `\0${name}`,
    );
    expect(await curl('--abstract-unix-socket', name, 'http://x/')).toBe('reached');
    const tries = [...paths.map((path) => `--unix-socket '${path}'`), `--abstract-unix-socket '${name}'`];
    const script = tries.map((option) => `curl -sS -m 5 ${option} http://x/; echo "code $?"`).join('\n');
    const text = await inJail(`${script}\nls /run`);
    expect(text.match(/^code 7$/gm)).toHaveLength(tries.length);
    expect(text).not.toContain('reached');
    expect(text).toMatch(/^keyturn\nlock$/m);
  });

  it('is not told where agents and engines listen', async () => {
    const names = ['SSH_AUTH_SOCK', 'DOCKER_HOST', 'DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR', 'CONTAINER_HOST'];
    const environment = Object.fromEntries(names.map((name) => [name, 'unix:///tmp/somewhere.sock']));
    const text = await inJail('env', environment);
    for (const name of [...names, 'ACTIONS_RUNTIME_TOKEN', 'KEYTURN_FETCH_CONFIGURATION'])
      expect(text).not.toContain(`${name}=`);
  });

  it('inherits no descriptor that whoever started the helper left open', async () => {
    const file = join(outside, 'left-open');
    writeFileSync(file, 'read through a descriptor');
    const job = world.startJob();
    const command = 'cat <&9; cat <&251; for each in /proc/self/fd/*; do readlink "$each"; done; echo done';
    await world.use(job, ['bash', '-c', command], { through: `exec 9<'${file}' 251<'${file}'; exec "$@"` });
    const [, text = ''] = printed(job).split('its only way out is the broker');
    expect(text).toContain('done');
    expect(text).not.toContain('read through a descriptor');
    expect(text).not.toContain(file);
    expect(text).not.toContain('socket:');
  });

  it('sees no process but its own, so that it reads neither environment nor memory of the helper', async () => {
    expect(await inJail(readsEnvironments)).toMatch(/^0\nend\n\d+$/m);
  });

  it('finds neither the key of the job nor the folder of keys', async () => {
    const job = world.startJob();
    const look = 'ls -A /dev/shm; echo end; cat /dev/shm/keyturn-key-*; ls -A /run/keyturn';
    await world.use(job, ['sh', '-c', look]);
    const [, text = ''] = printed(job).split('its only way out is the broker');
    const key = `keyturn-key-${instanceOf(world.fetch.cloud.gitea.url)}-${String(job.job.taskId)}`;
    expect(readdirSync('/dev/shm')).toContain(key);
    expect(text).toMatch(/^end$/m);
    expect(text).not.toContain('PRIVATE KEY');
    // The authority's certificate alone, in memory: its key is nowhere.
    expect(text).toMatch(/^authority\.pem$/m);
    expect(text).not.toMatch(/\.key$/m);
  });

  it('leaves nothing for later steps, however it writes', async () => {
    const job = world.startJob();
    const script = [
      'for name in ENV PATH OUTPUT STATE STEP_SUMMARY; do eval "file=\\$GITHUB_$name"; echo "NAME=x" >>"$file"; done',
      'for file in "$REAL_ENV" "$REAL_PATH"; do echo "NAME=x" >>"$file"; rm -f "$file"; done',
      'mv "$(dirname "$REAL_ENV")" "$(dirname "$REAL_ENV")-moved" && mkdir "$(dirname "$REAL_ENV")"',
      'echo "NAME=x" >>"$REAL_ENV"',
      'echo "::set-env name=NAME::x"; echo "::add-path::/tmp/x"',
    ];
    const through = 'export REAL_ENV="$GITHUB_ENV" REAL_PATH="$GITHUB_PATH"; exec "$@"';
    expect(await world.use(job, ['sh', '-c', script.join('\n')], { through })).toBe(0);
    await job.execute(
      ['sh', '-c', 'echo "NAME is ${NAME-unset}"; cat "$GITHUB_ENV" "$GITHUB_PATH" "$GITHUB_OUTPUT"; echo "$PATH"'],
      {},
    );
    const text = printed(job);
    expect(text).toContain('NAME is unset');
    expect(text).not.toContain('NAME=x');
    expect(text).toContain('| ::set-env');
  });

  it('gains no right by a further namespace, by setuid, or by what the kernel lets root write', async () => {
    const text = await inJail(
      [
        'grep -E "^(CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs)" /proc/self/status',
        'umount /run; echo "umount $?"',
        'unshare -Um --keep-caps sh -c "grep CapEff /proc/self/status; umount -l /run; umount -l /proc; umount -l /dev; ls /run; ls /proc | grep -c ^[0-9]"; echo "unshare $?"',
        'nsenter --target 1 --net --mount true; echo "nsenter $?"',
        'echo x >/proc/sys/kernel/core_pattern; echo "sysctl $?"',
        'ls /dev; test -e /dev/mem; echo "mem $?"',
        'ip link add name x type dummy; echo "link $?"',
      ].join('\n'),
    );
    expect(text).toMatch(/CapPrm:\t0{16}\nCapEff:\t0{16}\nCapBnd:\t0{16}\nCapAmb:\t0{16}\nNoNewPrivs:\t1/);
    for (const failed of ['umount', 'nsenter', 'sysctl', 'mem', 'link'])
      expect(text).not.toMatch(new RegExp(`^${failed} 0$`, 'm'));
    // With every capability of a namespace of its own, what covers the places that lead out stays.
    expect(text).toMatch(/^CapEff:\t0*[1-9a-f]/m);
    expect(text).toMatch(/^keyturn\nlock\n[^]*^\d\nunshare 0$/m);
  });

  it('runs as the user of the job, with its exit code, its arguments and its input', async () => {
    const job = world.startJob();
    expect(await world.use(job, ['sh', '-c', 'id -u; printf "<%s>" "$@"; exit 7', 'sh', 'a b', '$x', '', '*'])).toBe(7);
    expect(printed(job)).toContain(`${String(process.getuid?.())}\n<a b><$x><><*>`);
    expect(await world.use(world.startJob(), ['/nowhere/at/all'])).toBe(127);
    expect(await world.use(world.startJob(), ['sh', '-c', 'kill -TERM $$'])).toBe(143);
    const input = world.startJob();
    await world.use(input, ['cat'], { through: 'echo piped in | "$@"' });
    expect(printed(input)).toContain('piped in');
  });

  it(
    'keeps a user who is not root who they are, with no right in the jail',
    skipUnless(process.getuid?.() === 0, 'only root can become another user here'),
    async () => {
      const plan = { unshare: '/usr/bin/unshare', user: 65_534, group: 65_534, authority: 'PEM', listener: [] };
      const places = { coveredFiles: [], coveredFolders: [], scratchFiles: [] };
      const script = 'id -u; grep -E "^(CapEff|CapBnd|NoNewPrivs)" /proc/self/status; umount /run || echo covered';
      const [file = '', ...words] = jailWords({ ...plan, ...places }, ['sh', '-c', script]);
      const options = { uid: 65_534, gid: 65_534, cwd: '/', env: { PATH: '/usr/bin:/bin' } };
      const { stdout } = await promisify(execFile)(file, words, options);
      expect(stdout).toMatch(/^65534\nCapEff:\t0{16}\nCapBnd:\t0{16}\nNoNewPrivs:\t1\ncovered\n$/);
    },
  );

  it('gets nothing once the broker is gone', async () => {
    world.broker.answerWith((_head, request) => request.destroy());
    const text = await inJail('curl -sS --fail https://api.example.com/; echo "code $?"');
    world.broker.answerWith(null);
    expect(text).toContain('code 22');
  });

  it('does not start in a folder that leads to what is covered', async () => {
    const folder = dirname(pathInSharedMemory('unused'));
    const job = world.startJob();
    const code = await world.use(job, ['sh', '-c', 'ls ..'], { through: `cd '${folder}'; exec "$@"` });
    expect(code).toBe(96);
    expect(printed(job)).toContain('lies in a covered place');
    expect(printed(job)).not.toContain('keyturn-key-');
  });

  it('leaves no process behind', async () => {
    const mark = `MARK_${String(process.pid)}=left`;
    await inJail('setsid sh -c "sleep 600" >/dev/null 2>&1 & echo started', { [mark.split('=')[0] ?? '']: 'left' });
    const left = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && environmentOf(name).includes(mark));
    expect(left).toEqual([]);
  });
});

/** Looks for the runtime token in the environment of every process. */
const readsEnvironments =
  'cat /proc/[0-9]*/environ | tr "\\0" "\\n" | grep -c ACTIONS_RUNTIME_TOKEN; echo "end"; ls /proc | grep -c "^[0-9]"';

describe('where no jail can be made', withNetwork, () => {
  it('does not run the command, and asks the broker for nothing', async () => {
    const job = world.startJob();
    const asked = world.broker.placeholdersAsked.length;
    expect(await world.use(job, ['sh', '-c', 'echo it ran'], { withoutNamespaces: true })).toBe(96);
    expect(printed(job)).toContain('cannot be jailed here');
    expect(printed(job)).not.toMatch(/^it ran$/m);
    expect(world.broker.placeholdersAsked).toHaveLength(asked);
  });

  it('runs it kept by variables alone where the operator allows that, and the record says so', async () => {
    const job = world.startJob();
    const command =
      'curl -sS -H "Authorization: Bearer $TOKEN" https://api.example.com/; echo "NAME=x" >>"$GITHUB_ENV"';
    const options = { identity: { jail: 'cooperative' }, withoutNamespaces: true };
    expect(await world.use(job, ['sh', '-c', command], options)).toBe(0);
    expect(printed(job)).toContain('swapped');
    expect(printed(job)).toContain('by nothing but variables');
    expect(world.broker.placeholdersAsked.at(-1)).toMatchObject({ jail: 'cooperative' });
    await job.execute(['sh', '-c', 'echo "NAME is ${NAME-unset}"'], {});
    expect(printed(job)).toContain('NAME is unset');
    expect(printed(job)).toContain('taken back');
  });

  it('does not keep it from the environment of the helper, as a jail does', async () => {
    const job = world.startJob();
    const options = { identity: { jail: 'cooperative' }, withoutNamespaces: true };
    await world.use(job, ['sh', '-c', readsEnvironments], options);
    expect(printed(job)).toMatch(/^[1-9]\d*\nend$/m);
  });
});

function environmentOf(process: string): string {
  try {
    return readFileSync(`/proc/${process}/environ`, 'latin1');
  } catch {
    // It has ended since.
    return '';
  }
}
