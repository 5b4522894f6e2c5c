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

describe('the report of an app that the template creates', () => {
  it('shows who may read: the identity gets Reader on the whole subscription, and the vault has its resource id', () => {
    const [, file = ''] = /^module seeAccess '(.+?)'/m.exec(template) ?? [];
    const reader = readFileSync(`infra/${file}`, 'utf8');
    expect(reader).toMatch(/^targetScope = 'subscription'$/m);
    expect(/^var reader = '(.+)'$/m.exec(reader)?.[1]).toBe('acdd72a7-3385-48ef-bd42-f606fba81ae7');
    expect(template).toMatch(
      /principalId: identities\[attesterIndex\]\.properties\.principalId\n\s+identityId: identities/,
    );
    expect(template).toMatch(/KEYTURN_VAULTS: '\$\{vault\.id\}=/);
  });
});

describe('the address of a secret as a setting, as docs/azure.md asks for', () => {
  it('leads to no read that the report calls unexplained', async () => {
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
      KEYTURN_GITEA_TOKEN: giteaTokenSecretUri,
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
