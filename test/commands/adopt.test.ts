import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePolicy } from '../../src/secrets/parse-policy.ts';
import { embeddedSettings, type EmbeddedSettings } from '../functions/embedded-settings.ts';
import { callCommand } from './call-command.ts';

const account =
  '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/shop/providers/Microsoft.Storage/storageAccounts/shopdata';
const sqlServer =
  '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/shop/providers/Microsoft.Sql/servers/shop';
const dayMs = 86_400_000;

let service: EmbeddedSettings;
let environment: Record<string, string | undefined>;
beforeAll(async () => {
  service = await embeddedSettings();
  environment = { ...service.environment, KEYTURN_POLICY: undefined };
  const { vault, clock } = service.cloud;
  const created = clock.now();
  vault.seed({
    name: 'storage-key',
    value: 'k1',
    created,
    expires: new Date(created.getTime() + 10 * dayMs),
    tags: { ValidityPeriodDays: '60', CredentialId: 'key1', ProviderAddress: account, environment: 'prod' },
  });
  vault.seed({ name: 'odd', value: 'k2', created, tags: { ProviderAddress: 'not an id', ValidityPeriodDays: 'x' } });
  vault.seed({ name: 'sql', value: 'k4', created, tags: { ProviderAddress: sqlServer, ValidityPeriodDays: '9999' } });
  vault.seed({ name: 'rot-pending--odd', value: 'k3', created });
});
afterAll(async () => await service.stop());

describe('keyturn adopt', () => {
  it("binds what the tags of Microsoft's sample name, and says of the rest what is missing", async () => {
    const { code, printed, said } = await callCommand(['adopt'], { environment });
    expect(code).toBe(0);
    const text = printed.join('\n');
    const { name, url, resourceId } = service.cloud.vault;
    const policy = parsePolicy(text, 'proposed', [{ name, url, resourceId }]);
    expect(policy.secrets.get(`${name}/storage-key`)).toMatchObject({
      issuer: 'azure-keys',
      target: { resource: account },
      validityMs: 60 * dayMs,
      environment: 'prod',
      mode: 'by-hand',
    });
    // Its server is known and its database is not: it is tracked until a person says which.
    expect(policy.tracked.get(`${name}/sql`)).toMatchObject({ validityMs: 3_650 * dayMs });
    expect(text).toContain('# issuer: sqlserver');
    expect(text).toContain(`#  ${name}/odd: { issuer: ISSUER, target: {}, validity: 90d }`);
    expect(text).not.toContain('rot-pending--');
    expect(text).not.toContain('keyturn-canary');
    expect(text).not.toContain('keyturn-staging-key');
    expect(said.join('\n')).toMatch(new RegExp(`${name}/storage-key carries tags of Microsoft's sample`));
    expect(said.join('\n')).toContain('az eventgrid system-topic event-subscription list');
    expect(said.join('\n')).toContain(`${name}/odd carries tags`);
  });

  it('shows no value of any secret', async () => {
    const { printed, said } = await callCommand(['adopt', '--json'], { environment });
    const text = [...printed, ...said].join('\n');
    const long = service.cloud.vault.everyValue().filter((value) => value.length > 4);
    expect(long.length).toBeGreaterThan(10);
    expect(long.filter((value) => text.includes(value))).toEqual([]);
  });

  it('leaves out what the policy binds already', async () => {
    const { printed, said } = await callCommand(['adopt'], { environment: service.environment });
    expect(printed.join('\n')).not.toContain('payments-api-key');
    expect(said.join('\n')).toMatch(/^(1 secret|\d+ secrets) of the policy already bound and left out\.$/m);
    expect([...printed, ...said].join('\n')).not.toMatch(/\b1 secrets\b/);
    expect(printed.join('\n')).toContain('storage-key');
  });

  it('writes a new file, and overwrites none', async () => {
    const runtime = { environment, directory: service.directory };
    expect((await callCommand(['adopt', '--out', 'proposed.yml'], runtime)).code).toBe(0);
    expect(await readFile(join(service.directory, 'proposed.yml'), 'utf8')).toContain('storage-key');
    await writeFile(join(service.directory, 'mine.yml'), 'mine');
    const { code, said } = await callCommand(['adopt', '--out', 'mine.yml'], runtime);
    expect(code).toBe(2);
    expect(said.join('\n')).toContain('is there already');
    expect(await readFile(join(service.directory, 'mine.yml'), 'utf8')).toBe('mine');
  });
});
