import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Principal } from '../../../embedded/azure/identity/managed-identity.ts';
import { receiptMarker } from '../../../src/provenance/receipt-line.ts';
import type { HttpAnswer } from '../../../src/runner/http-exchange.ts';
import { deviceSignIn } from '../../../src/runner/identity/device-sign-in.ts';
import { type FetchWorld, startFetchWorld } from '../fetch-world.ts';

const identity = {
  kind: 'device-code',
  tenantId: '11111111-2222-4333-8444-555555555555',
  clientId: '04b07795-8ddb-461a-bbee-02f9e1bf7b46',
  authority: 'https://login.example',
} as const;
const started = {
  device_code: 'the-device-code',
  user_code: 'ABCD1234',
  verification_uri: 'https://microsoft.com/devicelogin',
  expires_in: 900,
  interval: 5,
};
const token = [{}, { oid: 'aaaaaaaa-0000-4000-8000-000000000000' }, {}]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .join('.');

const answer = (status: number, body: object): HttpAnswer => ({ status, headers: {}, body: JSON.stringify(body) });
const error = (name: string, description = '') => answer(400, { error: name, error_description: description });
const pending = error('authorization_pending', 'AADSTS70016: pending');
const signedIn = answer(200, { access_token: token });
const lost = 'lost';

/** Signs in against these answers, in order, the last one for ever. Time passes only by waiting. */
function signIn(first: HttpAnswer, ...answers: readonly (HttpAnswer | typeof lost)[]) {
  const [said, waits, asked]: [string[], number[], string[]] = [[], [], []];
  let now = 0;
  const all = [first, ...answers];
  const source = deviceSignIn(
    {
      gitea: null,
      exchange: async ({ url, body }) => {
        asked.push(`${url.split('/').at(-1) ?? ''} ${body ?? ''}`);
        const next = all.length > 1 ? all.shift() : all[0];
        if (next === undefined || next === lost) throw Object.assign(new Error('lost'), { code: 'ECONNRESET' });
        return await Promise.resolve(next);
      },
      runtime: {
        environment: {},
        now: () => new Date(now),
        wait: (milliseconds) => {
          waits.push(milliseconds / 1000);
          now += milliseconds;
          return Promise.resolve();
        },
        chance: () => 0,
        nonce: () => '',
        say: (line) => void said.push(line),
      },
    },
    identity,
  );
  const pass = (seconds: number) => void (now += seconds * 1000);
  return { token: source('https://vault.azure.net'), source, pass, said, waits, asked };
}

describe('a sign-in by device code', () => {
  it('says what to do, waits as the authority asks, and returns the person’s token', async () => {
    const {
      token: got,
      said,
      waits,
      asked,
    } = signIn(answer(200, started), pending, error('slow_down'), pending, signedIn);
    expect((await got).objectId).toBe('aaaaaaaa-0000-4000-8000-000000000000');
    expect(waits).toEqual([5, 5, 10, 10]);
    expect(said).toEqual([
      'sign in: open https://microsoft.com/devicelogin in a browser and enter the code ABCD1234',
      'waiting for the sign-in, at most 15 minutes; Ctrl-C ends it',
      'signed in for this call alone: its token is kept nowhere, because every program of yours could read it there',
      'to sign in once for many calls: `az login`, and {"kind":"azure-cli"} as the identity in your fetch.json',
    ]);
    expect(asked[0]).toBe(`devicecode client_id=${identity.clientId}&scope=https%3A%2F%2Fvault.azure.net%2F.default`);
    expect(asked[1]).toContain('device_code=the-device-code');
  });

  it('asks for one code in a call that needs the token again, and for another when it has expired', async () => {
    const lasting = answer(200, { access_token: token, expires_in: 3_600 });
    const { source, pass, said, token: first } = signIn(answer(200, started), lasting, answer(200, started), lasting);
    const second = source('https://vault.azure.net');
    expect(await second).toBe(await first);
    pass(3_500);
    expect(await source('https://vault.azure.net')).toBe(await first);
    pass(60);
    expect(await source('https://vault.azure.net')).not.toBe(await first);
    expect(said.filter((line) => line.includes('enter the code'))).toHaveLength(2);
  });

  it('goes on if an answer is lost, and does not say that nobody signed in if all are', async () => {
    expect((await signIn(answer(200, started), lost, signedIn).token).token.reveal()).toBe(token);
    await expect(signIn(answer(200, started), lost).token).rejects.toMatchObject({
      code: 'IDENTITY_UNREACHABLE',
      details: { reason: 'ECONNRESET' },
    });
  });

  it.each([
    ['declined', [error('authorization_declined')], 'authorization_declined', 'accept it'],
    ['expired at the authority', [error('expired_token')], 'expired_token', 'Start again'],
    ['never decided', [pending], 'expired_token', 'Start again'],
    ['no public client', [error('invalid_client', 'AADSTS7000218: secret')], 'AADSTS7000218', 'public client flows'],
  ])('ends with a reason and what to do: %s', async (_name, answers, reason, advice) => {
    await expect(signIn(answer(200, started), ...answers).token).rejects.toMatchObject({
      code: 'IDENTITY_REFUSED',
      details: { reason, advice: expect.stringContaining(advice) as string },
    });
  });

  it.each([
    ['an address that is no https page', { verification_uri: 'javascript:alert(1)' }],
    ['a page over http', { verification_uri: 'http://microsoft.com/devicelogin' }],
    ['a code that a terminal would obey', { user_code: 'A\u001b[2J' }],
    ['no end', { expires_in: 'never' }],
    ['no device code', { device_code: undefined }],
  ])('shows nobody %s', async (_name, change) => {
    const { token: got, said } = signIn(answer(200, { ...started, ...change }), signedIn);
    await expect(got).rejects.toMatchObject({ code: 'IDENTITY_REFUSED', details: { reason: 'no_device_code' } });
    expect(said).toEqual([]);
  });
});

describe('a person who signs in by device code, against the embedded authority', () => {
  let world: FetchWorld;
  let person: Principal;
  let home: string;
  beforeAll(async () => {
    world = await startFetchWorld();
    world.cloud.vault.seed({ name: 'shop-api-key', value: 'swordfish of the shop' });
    person = world.cloud.identity.define({
      name: 'ada',
      kind: 'person',
      userPrincipalName: 'ada@example.net',
      address: '198.51.100.9',
    });
    world.cloud.vault.grant(person, ['get', 'list']);
    home = mkdtempSync(join(world.directory, 'home-'));
    mkdirSync(join(home, 'keyturn'), { mode: 0o700 });
    const authorityFile = join(home, 'authority.pem');
    writeFileSync(authorityFile, world.cloud.entra.certificate);
    const { tenantId, url: authority } = world.cloud.entra;
    const configuration = {
      format: 1,
      vaults: [{ name: world.cloud.vault.name, url: world.cloud.vault.url }],
      identity: { kind: 'device-code', tenantId, authority },
      authorityFile,
    };
    writeFileSync(join(home, 'keyturn', 'fetch.json'), JSON.stringify(configuration), { mode: 0o600 });
  });
  afterAll(() => world.stop());

  /** Runs the helper; `entered` decides about the code that it shows. */
  async function run(
    entered: (code: string) => void,
    more: Readonly<Record<string, string>> = {},
    call: readonly string[] | null = null,
  ) {
    const told = join(mkdtempSync(join(home, 'told-')), 'ran');
    const words = call ?? ['exec', '--secret', 'KEY=shop-api-key', '--', 'sh', '-c', `echo "is $KEY"; touch ${told}`];
    const child = spawn(process.execPath, [join(world.directory, 'keyturn-fetch.cjs'), ...words], {
      env: { PATH: '/usr/bin:/bin', XDG_CONFIG_HOME: home, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [output, log] = ['', ''];
    child.stdout.on('data', (part: Buffer) => (output += part.toString()));
    child.stderr.on('data', (part: Buffer) => (log += part.toString()));
    const closed = once(child, 'close') as Promise<[number | null]>;
    const code = await vi.waitFor(
      () => (child.exitCode === null ? (/enter the code (\w+)/.exec(log)?.[1] ?? expect.fail('no code yet')) : null),
      { timeout: 120_000, interval: 20 },
    );
    if (code !== null) entered(code);
    return { status: (await closed)[0], output, log, ran: existsSync(told) };
  }

  it('reads as themselves: redacted, without a receipt', async () => {
    const { status, output, log } = await run((code) => world.cloud.entra.enterCode(code, { person }));
    expect([status, output]).toEqual([0, 'is ***\n']);
    expect(log).not.toContain(receiptMarker);
    const row = world.cloud.auditLog.rows().findLast(({ OperationName }) => OperationName === 'SecretGet');
    expect(JSON.stringify(row)).toContain('ada@example.net');
  });

  it('enters one code for a call that lists, asks and reads', async () => {
    const out = join(mkdtempSync(join(home, 'made-')), 'keyturn.yml');
    const accept = (code: string) => world.cloud.entra.enterCode(code, { person });
    const { status, log } = await run(accept, {}, ['init', '--out', out]);
    expect([status, log.match(/enter the code/g)]).toEqual([0, ['enter the code']]);
    expect(readFileSync(out, 'utf8')).toContain("name: 'shop-api-key'");
  });

  it('runs nothing if they decline', async () => {
    const { status, log, ran } = await run((code) => world.cloud.entra.enterCode(code, 'declined'));
    expect([status, ran, log]).toEqual([83, false, expect.stringContaining('authorization_declined')]);
    expect(world.cloud.entra.userCodes()).toEqual([]);
  });

  it('is never asked in a job, which could show the code to anybody', async () => {
    const { status, log } = await run(() => undefined, { GITHUB_ACTIONS: 'true' });
    expect([status, log]).toEqual([65, expect.not.stringContaining('enter the code')]);
  });
});
