import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loopbackCertificate } from '../../embedded/loopback-certificate.ts';
import { version } from '../../src/composition/version.ts';
import { readSettings } from '../../src/settings/read-settings.ts';
import { isSettingName } from '../../src/settings/setting-table.ts';
import { skipUnless } from '../skip-unless.ts';

const file = (name: string) => readFileSync(`deploy/${name}`, 'utf8');
const unit = file('keyturn.service');
const dockerfile = file('Dockerfile');
const example = Object.entries(parseEnv(file('keyturn.env.example'))).map(([name, value]) => [name, value ?? '']);
const settings = Object.fromEntries(example) as Readonly<Record<string, string>>;
const minimal = {
  KEYTURN_VAULTS: 'https://kv-prod.vault.azure.net',
  KEYTURN_IDENTITY_KIND: 'managed-identity',
  KEYTURN_DATA: '/var/lib/keyturn',
};
const port = String(readSettings(minimal).listen.port);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyturn-deploy-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Whether a program answers here; Debian keeps servers where a user's path does not lead. */
function has(program: string): boolean {
  return run(program, '--version').error === undefined;
}

function run(program: string, ...words: readonly string[]) {
  const env = { ...process.env, PATH: [process.env['PATH'] ?? '', '/usr/sbin'].join(delimiter), HOME: tmpdir() };
  return spawnSync(program, words, { encoding: 'utf8', env });
}

describe('deploy/keyturn.env.example', () => {
  it('is accepted by the code that reads settings, with the folder that the unit and the image name', () => {
    expect(() => readSettings({ ...settings, KEYTURN_DATA: '/var/lib/keyturn' })).not.toThrow();
    expect(unit).toContain('serve --data /var/lib/keyturn\nStateDirectory=keyturn\n');
    expect(dockerfile).toContain('KEYTURN_DATA=/var/lib/keyturn');
  });

  it('names only settings that exist, those in comments too', () => {
    const named = file('keyturn.env.example').match(/^(?:# )?KEYTURN_[A-Z_]+(?==)/gm) ?? [];
    expect(named.length).toBeGreaterThan(8);
    expect(named.map((name) => name.replace('# ', '')).filter((name) => !isSettingName(name))).toEqual([]);
  });

  it('holds no secret, only where it is', () => {
    for (const [name, value] of Object.entries(settings)) {
      if (/TOKEN|SECRET$/.test(name) && !/_(CANARY|KEY)_SECRET$/.test(name))
        expect([name, value]).toEqual([name, expect.stringMatching(/^https:\/\/[^/]+\/secrets\//)]);
    }
  });
});

describe('deploy/keyturn.service', () => {
  const systemd = skipUnless(has('systemd-analyze'), 'systemd-analyze is not installed (Debian: systemd)');
  /** The unit with a program that exists here. */
  const tried = () => {
    const path = join(folder, 'keyturn.service');
    writeFileSync(path, unit.replace('/opt/keyturn/bin/keyturn', process.execPath).replace(/^Documentation=.*\n/m, ''));
    return path;
  };

  it('gives new objects as little memory as the thread of a large report has, and the image does too', () => {
    const thread = /maxYoungGenerationSizeMb: (\d+)/.exec(readFileSync('src/commands/report-files.ts', 'utf8'))?.[1];
    for (const name of ['keyturn.service', 'Dockerfile']) {
      const part = /NODE_OPTIONS=--max-semi-space-size=(\d+)/.exec(file(name))?.[1];
      // V8's young generation has three parts of this size.
      expect([name, 3 * Number(part)]).toEqual([name, Number(thread)]);
    }
  });

  it('has only lines that systemd knows', systemd, () => {
    const { status, stderr } = run('systemd-analyze', 'verify', tried());
    expect([status, stderr]).toEqual([0, '']);
  });

  it('would be told a line that systemd does not know', systemd, () => {
    const path = join(folder, 'wrong.service');
    writeFileSync(path, readFileSync(tried(), 'utf8').replace('PrivateTmp=', 'PrivateTemp='));
    expect(run('systemd-analyze', 'verify', path).stderr).toContain('PrivateTemp');
  });

  it('leaves the service little that it could do to the machine', systemd, () => {
    const { status } = run('systemd-analyze', 'security', '--offline=true', '--threshold=20', tried());
    expect(status).toBe(0);
  });

  it('reads the settings from where the page puts them, and starts a command that exists', () => {
    const readme = file('README.md');
    const [, environmentFile = ''] = /^EnvironmentFile=(.+)$/m.exec(unit) ?? [];
    expect(readme).toContain(`keyturn.env.example ${environmentFile}\n`);
    expect(readme).toContain('--prefix /opt/keyturn ');
    expect(unit).toContain('ExecStart=/opt/keyturn/bin/keyturn serve ');
  });
});

describe('deploy/Dockerfile', () => {
  it('runs as a user without rights, from the package of this version', () => {
    expect(/^USER (\d+):(\d+)$/m.exec(dockerfile)?.slice(1).map(Number)).toEqual([10001, 10001]);
    const named = [dockerfile, file('README.md'), file('compose.yml')].flatMap((text) => [
      ...text.matchAll(/keyturn[-:](\d+\.\d+\.\d+)/g),
    ]);
    expect(named.length).toBeGreaterThan(4);
    expect(named.map(([, one]) => one).filter((one) => one !== version)).toEqual([]);
    expect(dockerfile).toContain(`EXPOSE ${port}\n`);
    expect(dockerfile).toContain('ENTRYPOINT ["/opt/keyturn/bin/keyturn"]\nCMD ["serve"]\n');
  });

  it('copies nothing but the package into the image', () => {
    expect(file('Dockerfile.dockerignore').trim().split('\n')).toEqual(['*', '!keyturn-*.tgz']);
  });

  it('is healthy while the service answers, and else is not', async () => {
    const [, command = ''] = /^ {2}CMD (\[.+\])$/m.exec(dockerfile) ?? [];
    const [program = '', ...words] = JSON.parse(command) as readonly string[];
    expect(program).toBe('node');
    let status = 200;
    const asked: string[] = [];
    const { server, at } = await listening((path) => {
      asked.push(path);
      return status;
    });
    expect(await health(words, at)).toBe(0);
    status = 503;
    expect(await health(words, at)).toBe(1);
    await new Promise((done) => server.close(done));
    expect(await health(words, at)).toBe(1);
    expect(asked).toEqual(['/healthz', '/healthz']);
  });
});

describe('deploy/compose.yml', () => {
  interface Service {
    readonly environment: Readonly<Record<string, string>>;
    readonly volumes: readonly string[];
    readonly [name: string]: unknown;
  }
  const { services, volumes } = parse(file('compose.yml')) as {
    services: Readonly<Record<'keyturn' | 'caddy', Service>>;
    volumes: object;
  };

  it('gives the service a read-only root and no right, and one folder to write to', () => {
    expect(services.keyturn).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      tmpfs: ['/tmp'],
    });
    const written = services.keyturn.volumes.filter((volume) => !volume.endsWith(':ro'));
    expect(written).toEqual(['records:/var/lib/keyturn']);
    expect(Object.keys(volumes)).toEqual(['records', 'certificates']);
  });

  it('sets what the code accepts together with the example', () => {
    const { environment } = services.keyturn;
    const { listen, policyFile } = readSettings({ ...settings, ...environment });
    expect(listen).toEqual({ host: '0.0.0.0', port: Number(port) });
    expect(services.keyturn.volumes).toContain(`./keyturn.policy.yml:${policyFile ?? ''}:ro`);
    // Without the provider the service would refuse to listen there.
    const alone = Object.fromEntries(Object.entries(settings).filter(([name]) => !name.startsWith('KEYTURN_OPENID')));
    expect(() => readSettings({ ...alone, ...environment })).toThrow();
    expect(services.caddy.environment['UPSTREAM']).toBe(`keyturn:${port}`);
  });
});

describe('the proxies in front', () => {
  it('lead to the port of the service, keep the Host header, and take the largest body that it reads', () => {
    expect(file('nginx.conf')).toContain(`proxy_pass http://127.0.0.1:${port};`);
    expect(file('nginx.conf')).toContain('proxy_set_header Host $host;');
    expect(file('Caddyfile')).toContain(`{$UPSTREAM:127.0.0.1:${port}}`);
    const limits = ['gitea-events', 'key-vault-events', 'receipts'].map((hook) => {
      const [, product = ''] = /limitBytes = ([\d *]+);/.exec(readFileSync(`src/web/hooks/${hook}.ts`, 'utf8')) ?? [];
      return product.split(' * ').reduce((all, factor) => all * Number(factor), 1);
    });
    expect(Math.max(...limits)).toBe(4 * 1024 * 1024);
    expect(file('nginx.conf')).toContain('client_max_body_size 4m;');
    expect(file('Caddyfile')).toContain('max_size 4MiB');
  });

  it('nginx accepts its file', skipUnless(has('nginx'), 'nginx is not installed (Debian: nginx-light)'), async () => {
    const { cert, key } = await loopbackCertificate();
    writeFileSync(join(folder, 'certificate.pem'), cert);
    writeFileSync(join(folder, 'key.pem'), key);
    const text = file('nginx.conf').replaceAll('/etc/ssl/keyturn', folder);
    const main = `pid ${folder}/nginx.pid;\nerror_log ${folder}/error.log;\nevents {}\nhttp {\naccess_log off;\n${text}}\n`;
    writeFileSync(join(folder, 'nginx.conf'), main);
    const { status, stderr } = run('nginx', '-t', '-c', join(folder, 'nginx.conf'), '-p', folder);
    expect([status, stderr]).toEqual([0, expect.stringContaining('test is successful')]);
  });

  it('Caddy accepts its file', skipUnless(has('caddy'), 'Caddy is not installed (Debian: caddy)'), () => {
    const { status, stdout, stderr } = run(
      'caddy',
      'validate',
      '--config',
      'deploy/Caddyfile',
      '--adapter',
      'caddyfile',
    );
    expect([status, stdout + stderr]).toEqual([0, expect.stringContaining('Valid configuration')]);
  });
});

async function listening(status: (path: string) => number): Promise<{ server: Server; at: string }> {
  const server = createServer((request, answer) => {
    answer.statusCode = status(request.url ?? '');
    answer.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { server, at: String(typeof address === 'object' ? address?.port : 0) };
}

/** Runs the image's health check against a port, beside the server that it asks. */
async function health(words: readonly string[], at: string): Promise<number | null> {
  const { spawn } = await import('node:child_process');
  const env = { KEYTURN_PORT: at, PATH: dirname(process.execPath) };
  const child = spawn(process.execPath, words, { env, stdio: 'ignore' });
  return await new Promise((resolve) => child.once('exit', resolve));
}
