import { once } from 'node:events';
import { existsSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseJobStamp } from '../../../src/provenance/job-stamp.ts';
import { parseReceiptLine } from '../../../src/provenance/receipt-line.ts';
import { pathInSharedMemory } from '../shared-memory.ts';
import { type FetchWorld, rowsOf, startFetchWorld } from '../fetch-world.ts';

const password = 'swordfish-swordfish';
let world: FetchWorld;

beforeAll(async () => {
  world = await startFetchWorld();
  world.cloud.vault.seed({ name: 'password', value: password });
  world.cloud.gitea.addRunner({ name: 'old-runner', labels: ['old'], version: '3.0.0' });
  world.cloud.gitea.addRunner({ name: 'older-runner', labels: ['old'], version: '1.0.0' });
});
afterAll(() => world.stop());

const exec = (...command: readonly string[]) => ['exec', '--secret', 'P=password', '--', ...command];

describe('a hostile earlier step', () => {
  it.each([
    ['NODE_OPTIONS', '--no-warnings'],
    ['NODE_EXTRA_CA_CERTS', '/nowhere'],
    ['LD_PRELOAD', '/nowhere'],
    ['LD_AUDIT', '/nowhere'],
    ['AZURE_AUTHORITY_HOST', 'https://attacker.example'],
    ['AZURE_POD_IDENTITY_AUTHORITY_HOST', 'https://attacker.example'],
    ['https_proxy', 'http://attacker.example'],
    ['KEYTURN_SERVICE', 'https://attacker.example'],
  ])('is refused if it has set %s, before any token is requested', async (variable, value) => {
    const job = world.startJob();
    const rows = world.cloud.auditLog.rows().length;
    expect(await world.fetch(job, exec('true'), { [variable]: value })).toBe(66);
    expect(rowsOf(world, job).some((row) => row.includes('ENVIRONMENT_HOSTILE') && row.includes(variable))).toBe(true);
    expect(world.cloud.auditLog.rows()).toHaveLength(rows);
  });

  it('cannot send a token to a host that only looks like a vault', async () => {
    const job = world.startJob();
    const url = 'https://evil.vault.azure.net.attacker.example';
    const configuration = world.configure({ vaults: [{ name: 'evil', url }] });
    // A configuration that leads off this machine is only trusted at root's path.
    expect(await world.fetch(job, exec('true'), { KEYTURN_FETCH_CONFIGURATION: configuration })).toBe(65);
    expect(rowsOf(world, job).some((row) => row.includes('FETCH_CONFIGURATION_UNTRUSTED'))).toBe(true);
  });

  it.each(['runner-1', 'old-runner', 'older-runner'])(
    'cannot have masks printed by leaving ::stop-commands:: open: %s',
    async (runner) => {
      const job = world.startJob({ runner });
      await job.execute(['sh', '-c', 'echo ::stop-commands::evil']);
      expect(await world.fetch(job, exec('sh', '-c', 'echo "it is $P"'))).toBe(0);
      const helper = join(world.directory, 'keyturn-fetch.cjs');
      const script = `echo ::stop-commands::again; "${process.execPath}" "${helper}" exec --secret P=password -- true; true`;
      await job.execute(['sh', '-c', script], { KEYTURN_FETCH_CONFIGURATION: world.configure() });
      expect(rowsOf(world, job)).toContain('it is ***');
      expect(rowsOf(world, job).join('\n')).not.toContain(password);
    },
  );

  it('cannot redirect a file of secrets with a link', async () => {
    const job = world.startJob();
    const link = pathInSharedMemory('link');
    symlinkSync(join(world.directory, 'stolen'), link);
    const words = ['exec', '--file', `${link}=password`, '--', 'true'];
    expect(await world.fetch(job, words)).toBe(84);
    expect(existsSync(join(world.directory, 'stolen'))).toBe(false);
    unlinkSync(link);
    const onDisk = ['exec', '--file', `${join(world.directory, 'on-disk')}=password`, '--', 'true'];
    expect(await world.fetch(job, onDisk)).toBe(84);
    expect(existsSync(join(world.directory, 'on-disk'))).toBe(false);
  });

  it('gets nothing through the job’s own files', async () => {
    const job = world.startJob();
    const script =
      'printf "harmless=1\\n" > /dev/null; printf "p=%s\\n" "$P" >> "$GITHUB_OUTPUT"; printf %s "$P" | base64 >> "$GITHUB_ENV"';
    expect(await world.fetch(job, exec('sh', '-c', script))).toBe(85);
    expect(readFileSync(job.environment['GITHUB_OUTPUT'] ?? '', 'utf8')).toBe('');
    expect(readFileSync(job.environment['GITHUB_ENV'] ?? '', 'utf8')).toBe('');
    expect(rowsOf(world, job).some((row) => row.includes('SECRET_IN_JOB_FILE') && row.includes('GITHUB_OUTPUT'))).toBe(
      true,
    );
  });

  it('passes the command nothing that identifies the job or the runner, and the runner no commands', async () => {
    const job = world.startJob();
    const script = 'env | cut -d= -f1 | sort; echo ::warning::obeyed; echo "##[add-mask]x"';
    const words = ['exec', '--no-commands', '--secret', 'P=password', '--', 'sh', '-c', script];
    expect(await world.fetch(job, words, { AZURE_CLIENT_ID: 'x', GITEA_TOKEN: 'y' })).toBe(0);
    const rows = rowsOf(world, job);
    expect(rows.filter((row) => /^(AZURE_|ACTIONS_|IDENTITY_|KEYTURN_|GITEA_TOKEN|GITHUB_TOKEN)/.test(row))).toEqual(
      [],
    );
    expect(await world.fetch(job, exec('env'), { 'odd-name': 'z' })).toBe(0);
    expect(rowsOf(world, job)).toContain('odd-name=z');
    expect(rows).toContain('| ::warning::obeyed');
    expect(rows).toContain('| ##[add-mask]x');
  });
});

describe('forged attribution', () => {
  it('neutralises a copied receipt that the command prints', async () => {
    const victim = world.startJob();
    expect(await world.fetch(victim, exec('true'))).toBe(0);
    const [line = ''] = rowsOf(world, victim).filter((row) => parseReceiptLine(row) !== null);
    const job = world.startJob();
    expect(await world.fetch(job, exec('printf', '%s\\n%s%s\\n', line, line.slice(0, 9), line.slice(9)))).toBe(0);
    const receipts = rowsOf(world, job).flatMap((row) => parseReceiptLine(row) ?? []);
    expect(receipts.map((receipt) => receipt.job.jobId)).toEqual([job.job.jobId]);
  });

  it('distinguishes matrix jobs and attempts by the numbers in the token', async () => {
    const [one, two] = [world.startJob(), world.startJob()];
    await Promise.all([world.fetch(one, exec('true')), world.fetch(two, exec('true'))]);
    const receiptOf = (job: typeof one) => rowsOf(world, job).flatMap((row) => parseReceiptLine(row) ?? [])[0];
    expect(receiptOf(one)?.job.jobId).not.toBe(receiptOf(two)?.job.jobId);
    one.finish();
    const again = world.cloud.gitea.rerun(one.job.jobId);
    await world.fetch(again, exec('true'));
    expect(receiptOf(again)?.job).toMatchObject({ attempt: 2, taskId: again.job.taskId });
  });

  it('stamps no job and writes no receipt if the runtime token belongs to another run', async () => {
    const [mine, other] = [world.startJob(), world.startJob()];
    const token = other.environment['ACTIONS_RUNTIME_TOKEN'] ?? '';
    expect(await world.fetch(mine, exec('true'), { ACTIONS_RUNTIME_TOKEN: token })).toBe(0);
    expect(rowsOf(world, mine).some((row) => row.includes('belongs to another run'))).toBe(true);
    expect(rowsOf(world, mine).flatMap((row) => parseReceiptLine(row) ?? [])).toEqual([]);
    expect(parseJobStamp(String(world.cloud.auditLog.rows().at(-1)?.['ClientInfo']))).toBeNull();
    const strict = world.configure({ withoutJob: 'refuse' });
    const refused = { ACTIONS_RUNTIME_TOKEN: token, KEYTURN_FETCH_CONFIGURATION: strict };
    expect(await world.fetch(mine, exec('true'), refused)).toBe(68);
  });

  it('posts the receipts with the runtime token before the command starts, with digests in public repositories', async () => {
    const posts: { token: string; body: string }[] = [];
    const server = createServer((request, answer) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        posts.push({ token: request.headers.authorization ?? '', body });
        answer.writeHead(202).end();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const service = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    world.cloud.gitea.addRepository('open/library', { private: false });
    const job = world.startJob({ repository: 'open/library' });
    const environment = { KEYTURN_FETCH_CONFIGURATION: world.configure({ service }) };
    expect(await world.fetch(job, exec('true'), environment)).toBe(0);
    expect(posts).toHaveLength(1);
    expect(posts[0]?.token).toBe(`Bearer ${job.environment['ACTIONS_RUNTIME_TOKEN'] ?? ''}`);
    expect(JSON.parse(posts[0]?.body ?? '')).toMatchObject({ receipts: [{ opaque: true, sequence: 1 }] });
    expect(posts[0]?.body).not.toContain('password');
    server.close();
    expect(await world.fetch(job, exec('sh', '-c', 'exit 5'), environment)).toBe(5);
    expect(rowsOf(world, job).some((row) => row.includes('did not accept the receipts'))).toBe(true);
  });
});

describe('a crash at any point', () => {
  it('keeps the receipt of each read that finished before the helper was stopped', async () => {
    world.cloud.vault.fault({ kind: 'throttle', secret: 'slow', times: 99, retryAfterSeconds: 60 });
    const job = world.startJob();
    const helper = join(world.directory, 'keyturn-fetch.cjs');
    const words = ['exec', '--secret', 'P=password', '--secret', 'Q=slow', '--wait', '10m', '--', 'true'];
    const child = spawn(process.execPath, [helper, ...words], {
      env: { ...job.environment, KEYTURN_FETCH_CONFIGURATION: world.configure() },
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    let log = '';
    child.stderr.on('data', (part: Buffer) => (log += part.toString()));
    await until(() => log.split('\n').some((line) => parseReceiptLine(line)?.secret === 'password'));
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[1]).toBe('SIGTERM');
  });

  it('ends the command and removes its files if the helper is killed, after the receipt was written', async () => {
    const job = world.startJob();
    const mark = join(world.directory, 'started');
    const helper = join(world.directory, 'keyturn-fetch.cjs');
    const script = `echo $$ > ${mark}.part; ls -d /dev/shm/keyturn-* > ${mark}.folder; mv ${mark}.part ${mark}; exec sleep 300`;
    const child = spawn(process.execPath, [helper, 'exec', '--file', 'F=password', '--', 'sh', '-c', script], {
      env: { ...job.environment, KEYTURN_FETCH_CONFIGURATION: world.configure() },
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    let log = '';
    child.stderr.on('data', (part: Buffer) => (log += part.toString()));
    await until(() => existsSync(mark));
    expect(log.split('\n').some((line) => parseReceiptLine(line) !== null)).toBe(true);
    const [folder = ''] = readFileSync(`${mark}.folder`, 'utf8')
      .split('\n')
      .filter((line) => line.includes(`-${String(child.pid)}-`));
    expect(folder).not.toBe('');
    child.kill('SIGKILL');
    const pid = Number(readFileSync(mark, 'utf8'));
    await until(() => !existsSync(`/proc/${String(pid)}`) && !existsSync(folder));
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('forwards %s to the command’s group, and exits like the command', async (signal, expected) => {
    const job = world.startJob();
    const mark = join(world.directory, `ready-${signal}`);
    const helper = join(world.directory, 'keyturn-fetch.cjs');
    const command = ['sh', '-c', `touch ${mark}; exec sleep 300`];
    const child = spawn(process.execPath, [helper, 'exec', '--secret', 'P=password', '--', ...command], {
      env: { ...job.environment, KEYTURN_FETCH_CONFIGURATION: world.configure() },
      stdio: 'ignore',
      detached: true,
    });
    await until(() => existsSync(mark));
    child.kill(signal);
    expect((await once(child, 'exit'))[0]).toBe(expected);
  });

  it('does not wait forever for a grandchild that keeps the output open, and leaves no file', async () => {
    const job = world.startJob();
    const place = join(world.directory, 'place-of-file');
    const script = `echo "$F" > ${place}; sleep 20 & exit 4`;
    const words = ['exec', '--secret', 'P=password', '--file', 'F=password', '--', 'sh', '-c', script];
    expect(await world.fetch(job, words)).toBe(4);
    expect(rowsOf(world, job).some((row) => row.includes('keeps the output open'))).toBe(true);
    const file = readFileSync(place, 'utf8').trim();
    expect([file.startsWith('/dev/shm/keyturn-'), existsSync(dirname(file))]).toEqual([true, false]);
  });

  it('distinguishes a missing command from one that cannot be executed', async () => {
    const job = world.startJob();
    expect(await world.fetch(job, exec('/no/such/command'))).toBe(127);
    const file = join(world.directory, 'not-executable');
    writeFileSync(file, 'x', { mode: 0o600 });
    expect(await world.fetch(job, exec(file))).toBe(126);
  });
});

/** Polls every few milliseconds, because the event happens in another process. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}
