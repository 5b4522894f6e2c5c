import { existsSync } from 'node:fs';
import { rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canaryReads } from '../../src/audit/collection/canary-ledger.ts';
import { folderRecordStore } from '../../src/files/folder-record-store.ts';
import { localSigner } from '../../src/files/local-signer.ts';
import { embeddedSettings, type EmbeddedSettings } from '../functions/embedded-settings.ts';
import { callCommand } from './call-command.ts';

let service: EmbeddedSettings;
beforeAll(async () => {
  service = await embeddedSettings();
});
afterAll(async () => await service.stop());

interface Line {
  readonly what: string;
  readonly verdict: string;
  readonly says: string;
  readonly command: string | null;
}

async function doctor(changes: Record<string, string | undefined> = {}): Promise<{ code: number; lines: Line[] }> {
  const { code, printed } = await callCommand(['doctor', '--json'], {
    environment: { ...service.environment, ...changes },
  });
  return { code, lines: (JSON.parse(printed[0] ?? '') as { checks: Line[] }).checks };
}

function lineOf(lines: readonly Line[], what: string): Line {
  const line = lines.find((one) => one.what === what);
  if (line === undefined) throw new Error(`There is no line about ${what}.`);
  return line;
}

describe('keyturn doctor', () => {
  it('makes no folder: it says that the one for records is absent, and how to make it', async () => {
    const misspelt = `${String(service.environment['KEYTURN_DATA'])}-misspelt/records`;
    const { code, lines } = await doctor({ KEYTURN_DATA: misspelt });
    expect(lineOf(lines, 'records')).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining(`${misspelt} is absent`) as string,
      command: `install --directory --mode 0700 ${misspelt}`,
    });
    expect([code, existsSync(dirname(misspelt))]).toEqual([1, false]);
  });

  it('says of an issuer of Azure that the embedded cloud has none, not that a setting is missing', async () => {
    const policy = join(tmpdir(), `keyturn-azure-${crypto.randomUUID()}.yml`);
    const target =
      '{ resource: /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a }';
    await writeFile(
      policy,
      `format: 1\nsecrets:\n  storage-key: { issuer: azure-keys, target: ${target}, validity: 90d }\n`,
    );
    const { lines } = await doctor({ KEYTURN_POLICY: policy });
    await rm(policy);
    const says = lines.map((line) => line.says).join('\n');
    expect(says).toContain('is not available in the embedded cloud');
    expect(says).not.toContain('needs KEYTURN_IDENTITY_KIND');
  });

  it('passes what is right, warns of what it cannot see, and ends with 0', async () => {
    const { code, lines } = await doctor();
    expect(lines.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
    expect(code).toBe(0);
    const verdicts = Object.fromEntries(lines.map(({ what, verdict }) => [what, verdict]));
    const { name } = service.cloud.vault;
    expect(verdicts).toMatchObject({
      settings: 'pass',
      [`vault ${name}`]: 'pass',
      [`canary of ${name}`]: 'pass',
      'canary read': 'pass',
      'setting secrets': 'warn',
      'staging key': 'pass',
      records: 'pass',
      Gitea: 'pass',
      'role separation': 'warn',
      'staged values': 'warn',
      policy: 'pass',
      'sealing key': 'pass',
      notifications: 'warn',
    });
    expect(lineOf(lines, 'setting secrets').says).toContain('cannot test without writing');
  });

  it('records the canary read that it makes, so that its row is explained', async () => {
    await doctor();
    const now = service.cloud.clock.now();
    const day = { from: new Date(now.getTime() - 86_400_000), to: now };
    const records = await folderRecordStore(service.environment['KEYTURN_DATA'] ?? '');
    expect(await canaryReads(records, day)).toHaveLength(1);
  });

  it('fails where the identity may not list, with the assignment that is missing', async () => {
    const { vault } = service.cloud;
    vault.revokeGrants(service.world.keyturn);
    try {
      const { code, lines } = await doctor();
      expect(code).toBe(1);
      const { verdict, says, command } = lineOf(lines, `vault ${vault.name}`);
      expect([verdict, says]).toEqual(['fail', expect.stringContaining('VAULT_ACCESS_DENIED')]);
      const assignee = `az role assignment create --assignee-object-id ${service.world.keyturn.objectId} `;
      expect(command?.startsWith(assignee)).toBe(true);
      expect(command).toContain(`--role "Keyturn rotator" --scope ${vault.resourceId}`);
    } finally {
      vault.grant(service.world.keyturn, ['get', 'set', 'list', 'update']);
    }
  });

  it('fails where a secret that it needs is not there, with the command that makes it', async () => {
    const { code, lines } = await doctor({ KEYTURN_STAGING_KEY_SECRET: 'not-there' });
    expect(code).toBe(1);
    const { verdict, command } = lineOf(lines, 'staging key');
    expect(verdict).toBe('fail');
    expect(command).toMatch(/^az keyvault secret set --vault-name \S+ --name not-there --value "\$\(openssl rand/);
  });

  it('fails where Gitea refuses the token, and never shows the token', async () => {
    const token = `0123456789${'f'.repeat(30)}`;
    const { code, lines } = await doctor({ KEYTURN_GITEA_TOKEN: token });
    expect(code).toBe(1);
    expect(lineOf(lines, 'Gitea')).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('GITEA_ACCESS_DENIED') as string,
    });
    expect(JSON.stringify(lines)).not.toContain(token);
  });

  it('names every fault of the settings, and of the policy, and ends with 1', async () => {
    const faulty = await doctor({ KEYTURN_VAULTS: 'nowhere', KEYTURN_PORT: 'x' });
    expect(faulty.code).toBe(1);
    expect(faulty.lines.map(({ what, says }) => `${what} ${says.split(':')[0] ?? ''}`)).toEqual(
      expect.arrayContaining(['settings KEYTURN_VAULTS', 'settings KEYTURN_PORT']),
    );
    const { lines } = await doctor({ KEYTURN_POLICY: '/nowhere/keyturn.policy.yml' });
    expect(lines).toMatchObject([{ what: 'policy', verdict: 'fail' }]);
  });

  it('fails for a file of controls that no report could use, with the place of each fault', async () => {
    const controls = join(service.directory, 'faulty.controls.yml');
    await writeFile(controls, 'format: 1\ncontrols:\n  CC66: { owner: ann }\n');
    const { code, lines } = await doctor({ KEYTURN_CONTROLS: controls });
    expect([code, lines.map(({ what, says }) => `${what} ${says}`)]).toEqual([
      1,
      [expect.stringMatching(/^controls 3:3 controls\.CC66 is no control of/)],
    ]);
  });

  it('fails for a binding that its issuer would refuse, before its rotation is due', async () => {
    const policy = join(service.directory, 'faulty.policy.yml');
    await writeFile(
      policy,
      `format: 1
secrets:
  a: { issuer: no-such-issuer, validity: 90d }
  b: { issuer: gitea-token, target: { user: 7 }, validity: 90d }
`,
    );
    const { code, lines } = await doctor({ KEYTURN_POLICY: policy });
    expect(code).toBe(1);
    const said = lines.filter(({ what, verdict }) => what === 'policy' && verdict === 'fail').map(({ says }) => says);
    expect(said).toEqual([
      expect.stringMatching(/^3:8 secrets\.a\.issuer is not a known issuer; known are/),
      expect.stringMatching(/^4:29 secrets\.b\.target\.scopes is missing/),
      expect.stringMatching(/^4:39 secrets\.b\.target\.user must be/),
    ]);
  });

  it('fails where the policy binds the value of a Key Vault certificate, and says what to do next', async () => {
    const { vault } = service.cloud;
    vault.seed({ name: 'site', value: 'certificate and key', managed: true });
    vault.seed({ name: 'shop-key', value: 'x', contentType: 'StorageAccountKey' });
    vault.seed({ name: 'plain', value: 'x' });
    const policy = join(service.directory, 'certificate.policy.yml');
    const bind = async (names: readonly string[]) => {
      const rows = names.map((name) => `  ${name}: { issuer: generated, validity: 90d }\n`);
      await writeFile(policy, `format: 1\nsecrets:\n${rows.join('')}`);
      const { code, lines } = await doctor({ KEYTURN_POLICY: policy });
      const said = lines.filter(({ what }) => what === `bound secrets of ${vault.name}`);
      return { code, said: said.map(({ verdict, says }) => `${verdict}: ${says}`) };
    };
    expect(await bind(['plain'])).toEqual({ code: 0, said: ['pass: 1 value that Keyturn may replace'] });
    const { code, said } = await bind(['plain', 'site', 'shop-key']);
    expect(code).toBe(1);
    expect(said.sort()).toEqual([
      expect.stringContaining(`fail: ${vault.name}/shop-key is never rotated (SECRET_MADE_BY_PROVIDER).`),
      `fail: ${vault.name}/site is never rotated (SECRET_OF_CERTIFICATE). This secret holds the value of a Key Vault certificate, which the vault itself renews. Remove its issuer from the policy: the secret is tracked then.`,
    ]);
  });

  it('warns of a sealing key that is older than a year', async () => {
    const path = join(service.directory, 'old-seal.pem');
    await localSigner(path);
    const made = new Date(service.cloud.clock.now().getTime() - 400 * 86_400_000);
    await utimes(path, made, made);
    const { code, lines } = await doctor({ KEYTURN_SIGNING_KEY: path });
    expect([code, lineOf(lines, 'sealing key')]).toEqual([
      0,
      expect.objectContaining({ verdict: 'warn', says: expect.stringContaining('ended on ') as string }),
    ]);
  });

  it('looks whether messages to people could be signed, and sends none', async () => {
    const channel = { KEYTURN_NOTIFY_WEBHOOK_URL: 'http://127.0.0.1:9/hook' };
    const good = await doctor({ ...channel, KEYTURN_NOTIFY_WEBHOOK_SECRET: `whsec_${'A'.repeat(40)}` });
    expect(lineOf(good.lines, 'notifications by webhook')).toMatchObject({
      verdict: 'pass',
      says: 'messages go to the webhook 127.0.0.1:9',
    });
    const { code, lines } = await doctor({ ...channel, KEYTURN_NOTIFY_WEBHOOK_SECRET: 'swordfish' });
    expect([code, lineOf(lines, 'notifications by webhook').verdict]).toEqual([1, 'fail']);
    expect(JSON.stringify(lines)).not.toContain('swordfish');
  });

  it('warns in observe mode that nothing is rotated', async () => {
    const { lines } = await doctor({ KEYTURN_POLICY: undefined });
    expect(lineOf(lines, 'policy')).toMatchObject({
      verdict: 'warn',
      says: expect.stringContaining('observe mode') as string,
    });
  });

  it('warns where the log has no row of a day, with the diagnostic setting that sends it', async () => {
    const { lines } = await doctor({
      KEYTURN_LOG_WORKSPACE_ID: undefined,
      KEYTURN_LOG_ENDPOINT: undefined,
      KEYTURN_LOG_CERTIFICATE: undefined,
    });
    expect(lineOf(lines, 'log workspace')).toMatchObject({ verdict: 'warn' });
    // A row of now is hours away: as at the start of an installation, or without a diagnostic setting.
    service.cloud.auditLog.setDelay(6 * 3_600_000);
    const { lines: quiet } = await doctor();
    const { verdict, command } = lineOf(quiet, 'log workspace');
    expect(verdict).toBe('warn');
    expect(command).toContain('az monitor diagnostic-settings create');
    expect(command).toContain(`--resource ${service.cloud.vault.resourceId}`);
  });

  it('asks no sealing key and no canary of who only rotates', async () => {
    const { lines } = await doctor({ KEYTURN_ROLE: 'rotate' });
    expect(lineOf(lines, 'sealing key')).toMatchObject({ verdict: 'pass', says: 'none, as this role requires' });
    expect(lines.some(({ what }) => what === 'canary read')).toBe(false);
    expect(lineOf(lines, 'role separation').verdict).toBe('pass');
  });

  it('prints for people one line each, commands below', async () => {
    const { printed } = await callCommand(['doctor'], { environment: service.environment });
    expect(printed[0]).toBe('pass  settings: no faults');
    expect(printed.some((line) => /^ {8}az /.test(line))).toBe(true);
  });
});
