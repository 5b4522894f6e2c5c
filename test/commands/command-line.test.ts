import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callCommand } from './call-command.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-command-'));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

/** Settings of a service whose vault and Gitea nobody answers for: port 9 of this machine is closed. */
async function unreachable(): Promise<Record<string, string>> {
  const certificate = join(folder, 'none.pem');
  await writeFile(certificate, '');
  return {
    KEYTURN_EMBEDDED: 'on',
    KEYTURN_VAULTS: 'http://localhost:9',
    KEYTURN_IDENTITY_KIND: 'managed-identity',
    KEYTURN_IDENTITY_ENDPOINT: 'http://127.0.0.1:9',
    KEYTURN_DATA: folder,
  };
}

/** Names of the commands, as the help lists them. */
async function names(): Promise<string[]> {
  const { printed } = await callCommand(['--help']);
  return [...printed.join('\n').matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map(([, name = '']) => name);
}

describe('what is printed', () => {
  it('obeys no escape code in a name from outside', async () => {
    const pack = join(folder, 'hostile');
    await mkdir(pack);
    await writeFile(join(pack, 'manifest.json'), '{}');
    await writeFile(join(pack, 'report\u001b[2K\u202e\u009b1A.html'), '');
    const { code, printed } = await callCommand(['verify', pack]);
    expect(code).toBe(1);
    expect(printed.join('\n')).toContain('report\\u001b[2K\\u202e\\u009b1A.html: is not part of the pack');
    // oxlint-disable-next-line no-control-regex
    expect(printed.filter((line) => /[\u0000-\u0008\u001b\u009b\u202e]/.test(line))).toEqual([]);
    const [json = ''] = (await callCommand(['verify', pack, '--json'])).printed;
    const { faults } = JSON.parse(json) as { faults: { file: string }[] };
    expect(faults.map(({ file }) => file)).toContain('report\u001b[2K\u202e\u009b1A.html');
  });
});

describe('the help', () => {
  it('lists every command with its purpose, and what the exit codes mean', async () => {
    const { code, printed } = await callCommand([]);
    expect([code, printed]).toEqual([0, (await callCommand(['help'])).printed]);
    expect(await names()).toEqual(
      expect.arrayContaining(['start', 'serve', 'rotate', 'reconcile', 'attribute', 'report', 'verify']),
    );
    expect(printed.join('\n')).toContain('2 wrong use');
  });

  it('of every command shows how it is called and an example', async () => {
    for (const name of await names()) {
      const { code, printed } = await callCommand([name, '--help']);
      expect(code).toBe(0);
      const text = printed.join('\n');
      expect(text.split('\n')[0]).toMatch(new RegExp(`^Usage: keyturn ${name}`));
      expect([name, /^Example: (keyturn|npm start)/m.test(text)]).toEqual([name, true]);
    }
  });

  it('of every command tells of --json, and no command takes an option that it does not know', async () => {
    for (const name of await names()) {
      // The one prints a script, the other speaks JSON-RPC alone.
      if (name === 'completion' || name === 'mcp') continue;
      const { printed } = await callCommand([name, '--help']);
      const refused = await callCommand([name, '--no-such-option'], { environment: {} });
      expect([name, refused.code]).toEqual([name, 2]);
      expect(printed.join('\n')).toContain('--json');
    }
  });
});

describe('the version', () => {
  it('is that of the package, however it is asked for', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    for (const word of ['--version', '-v', 'version'])
      expect([word, await callCommand([word])]).toEqual([word, { code: 0, printed: [version], said: [] }]);
  });
});

describe('wrong use', () => {
  it('of a command that does not exist ends with 2 and says where to look', async () => {
    const { code, printed, said } = await callCommand(['rotat']);
    expect([code, printed]).toEqual([2, []]);
    expect(said).toEqual([
      "Unknown command 'rotat'. Did you mean 'rotate'?",
      'Run keyturn --help to see the commands.',
    ]);
    expect((await callCommand(['help', 'rotat'])).code).toBe(2);
    expect((await callCommand(['rotat', '--help'])).said[0]).toBe(said[0]);
    // Names that every object has are no commands.
    expect((await callCommand(['constructor'])).code).toBe(2);
  });

  it('names the option or word that was not understood', async () => {
    const { code, said } = await callCommand(['report', 'a']);
    expect(code).toBe(2);
    expect(said).toEqual([
      "keyturn report: Unexpected word 'a'.",
      'Run keyturn report --help to see how it is called.',
    ]);
    expect((await callCommand(['report', '--perid', '2026'])).said[0]).toBe(
      "keyturn report: Unknown option '--perid'. Did you mean '--period'?",
    );
    expect((await callCommand(['report', '--framework', 'sox'])).said[0]).toBe(
      'keyturn report: --framework takes soc2, iso27001 or both.',
    );
    expect((await callCommand(['report', '--period'])).said[0]).toBe('keyturn report: --period needs a value: PERIOD.');
  });

  it('says which word is missing', async () => {
    expect((await callCommand(['rotate'])).said.join('\n')).toContain('NAME is missing');
    expect((await callCommand(['attribute'])).said.join('\n')).toContain('--retrievals is missing');
    expect((await callCommand(['report'])).said.join('\n')).toContain('--period is missing');
    expect((await callCommand(['report', '--pack', 'a'])).said.join('\n')).toContain('--out is missing');
    expect((await callCommand(['verify'])).said.join('\n')).toContain('PACK is missing');
  });

  it('with --json is one line of JSON that a program can read', async () => {
    const { code, printed } = await callCommand(['report', '--period', '2026-Q7', '--out', folder, '--json']);
    expect(code).toBe(2);
    expect(printed).toHaveLength(1);
    expect(JSON.parse(printed[0] ?? '')).toMatchObject({
      error: { code: 'PERIOD_MALFORMED', details: { period: '2026-Q7' } },
    });
  });
});

describe('a fingerprint that is mistyped', () => {
  it('is wrong use, and does not make a pack look broken', async () => {
    const { code, said } = await callCommand(['verify', folder, '--trust', 'SHA256:4f']);
    expect([code, said[0]]).toEqual([2, expect.stringContaining('--trust takes a whole fingerprint')]);
  });
});

describe('settings with faults', () => {
  it('that are misspelt are named with the setting that was meant', async () => {
    const environment = { KEYTURN_POLCY: 'a.yml', KEYTURN_NOTHING_OF_THE_KIND: 'x' };
    const { said } = await callCommand(['reconcile'], { environment });
    expect(said.map((line) => line.trim())).toEqual(
      expect.arrayContaining([
        'KEYTURN_POLCY: unknown setting; did you mean KEYTURN_POLICY?',
        'KEYTURN_NOTHING_OF_THE_KIND: unknown setting',
      ]),
    );
  });

  it('end every command that needs them with 2, all faults in one message', async () => {
    const environment = { KEYTURN_VAULTS: 'nowhere', KEYTURN_ROLE: 'both', KEYTURN_VAULT: 'x', KEYTURN_PORT: '99999' };
    for (const words of [['serve'], ['reconcile'], ['rotate', 'a'], ['report', '--period', '2026', '--out', folder]]) {
      const { code, said } = await callCommand(words, { environment });
      expect(code).toBe(2);
      const text = said.join('\n');
      expect(text).toContain('SETTINGS_MALFORMED');
      for (const name of ['KEYTURN_VAULTS', 'KEYTURN_ROLE', 'KEYTURN_VAULT:', 'KEYTURN_PORT', 'KEYTURN_IDENTITY_KIND'])
        expect(text).toContain(name);
    }
  });

  it('of a host beyond this machine are refused before anything listens', async () => {
    const environment = { ...(await unreachable()), KEYTURN_HOST: '0.0.0.0' };
    const { code, said } = await callCommand(['serve'], { environment });
    expect(code).toBe(2);
    expect(said.join('\n')).toMatch(/KEYTURN_HOST: is beyond this machine/);
  });

  it('in the policy end with 2 and name the place of each', async () => {
    const policy = join(folder, 'keyturn.policy.yml');
    await writeFile(policy, 'format: 1\nsecrets:\n  a: { issuer: 7 }\n  b: { validity: soon }\n');
    const environment = { ...(await unreachable()), KEYTURN_POLICY: policy };
    const { code, said } = await callCommand(['reconcile', '--plan'], { environment });
    expect(code).toBe(2);
    expect(said.join('\n')).toMatch(/POLICY_MALFORMED[\s\S]*3:\d+ secrets\.a[\s\S]*4:\d+ secrets\.b/);
  });
});

describe('what cannot be reached', () => {
  it('ends a pass with 3 and names the vault', async () => {
    const { code, said } = await callCommand(['reconcile'], { environment: await unreachable() });
    expect(code).toBe(3);
    expect(said.join('\n')).toMatch(/^localhost: [A-Z].*\. \(VAULT_UNREACHABLE\)$/m);
  });

  it('ends with 3 where a file is not there', async () => {
    const { code, printed } = await callCommand(['attribute', '--retrievals', join(folder, 'absent'), '--json']);
    expect(code).toBe(3);
    expect(JSON.parse(printed[0] ?? '')).toMatchObject({ error: { code: 'FILE_MISSING' } });
  });

  it('ends with 3 where a pack is none', async () => {
    expect((await callCommand(['verify', folder])).code).toBe(3);
  });
});
