import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { startEmbeddedCloud } from '../../embedded/start-embedded-cloud.ts';
import { createAttributor } from '../../src/audit/attribution/attribute-retrievals.ts';
import { ownReads } from '../../src/audit/collection/own-read-ledger.ts';
import { parseAuditRow } from '../../src/audit/parsing/parse-audit-row.ts';
import { settingResolver } from '../../src/composition/resolve-setting.ts';
import { parsePolicy } from '../../src/secrets/parse-policy.ts';
import { readSettings } from '../../src/settings/read-settings.ts';
import { embeddedVault } from '../azure/embedded-vault.ts';
import { memoryRecordStore } from '../memory-record-store.ts';

const template = readFileSync('infra/main.bicep', 'utf8');

/** What the template writes for a setting, as the text of its expression. */
function settingOf(name: string): string {
  return new RegExp(`\\{ name: '${name}', value: (.+?) \\}`).exec(template)?.[1] ?? '';
}

describe('infra/main.bicep', () => {
  it('leaves no secret for the platform to resolve in the name of the rotator', () => {
    expect(template).not.toMatch(/@Microsoft\.KeyVault/);
    expect(template).not.toMatch(/keyVaultReferenceIdentity/);
    // The parameter is the address itself.
    expect(settingOf('KEYTURN_GITEA_TOKEN')).toBe('giteaTokenSecretUri');
  });
});

describe('the report of an app that the template creates', () => {
  it('shows who may read: the identity gets Reader on the whole subscription, and the vault has its resource id', () => {
    const [, file = ''] = /^module seeAccess '(.+?)'/m.exec(template) ?? [];
    const reader = readFileSync(`infra/${file}`, 'utf8');
    expect(reader).toMatch(/^targetScope = 'subscription'$/m);
    expect(/^var reader = '(.+)'$/m.exec(reader)?.[1]).toBe('acdd72a7-3385-48ef-bd42-f606fba81ae7');
    expect(template).toContain('principalId: rotator.properties.principalId\n    identityId: rotator.id');
    expect(settingOf('KEYTURN_VAULTS')).toMatch(/vault\.id\b/);
  });
});

describe('the settings that the template writes', () => {
  it('lead to no read that the report calls unexplained', async () => {
    const cloud = await startEmbeddedCloud();
    cloud.auditLog.setDelay(0);
    const { access, principal } = embeddedVault(cloud);
    const records = memoryRecordStore();
    cloud.vault.seed({ name: 'gitea-token', value: 'gta_0123', created: new Date('2026-01-01T00:00:00Z') });
    const giteaTokenSecretUri = `${cloud.vault.url}/secrets/gitea-token`;
    const { gitea, vaults } = readSettings({
      KEYTURN_EMBEDDED: 'on',
      KEYTURN_VAULTS: cloud.vault.url,
      KEYTURN_IDENTITY_KIND: 'managed-identity',
      KEYTURN_IDENTITY_ENDPOINT: cloud.identity.url,
      KEYTURN_DATA: '/data',
      KEYTURN_GITEA_URL: 'http://localhost:3000',
      KEYTURN_GITEA_TOKEN: settingOf('KEYTURN_GITEA_TOKEN').replace('giteaTokenSecretUri', giteaTokenSecretUri),
    });
    const resolve = settingResolver({ ...access, vaults: [access.vault], records, now: () => cloud.clock.now() });
    if (gitea === null) throw new Error('no token was read');
    await resolve(gitea.token);

    const policy = parsePolicy(`format: 1\nidentities:\n  ${principal.objectId}: { role: rotator }\n`, 'p.yml', vaults);
    const period = { from: new Date(cloud.clock.now().getTime() - 60_000), to: cloud.clock.now() };
    const own = await ownReads(records, period);
    const attributor = createAttributor({ policy, jobs: [], receipts: [], rotations: [], ownReads: own });
    const read = cloud.auditLog.rows().flatMap((row) => {
      const parsed = parseAuditRow(row, 'row');
      return parsed.outcome === 'parsed' && parsed.retrieval.kind === 'read' ? [parsed.retrieval] : [];
    });
    expect(read).toHaveLength(1);
    expect(read.map((one) => attributor.attribute(one).grade)).toEqual(['rotation']);
    await cloud.stop();
  });
});
