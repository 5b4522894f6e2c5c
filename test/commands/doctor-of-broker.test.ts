import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Principal } from '../../embedded/azure/identity/managed-identity.ts';
import { embeddedSettings, type EmbeddedSettings } from '../functions/embedded-settings.ts';
import { callCommand } from './call-command.ts';

let service: EmbeddedSettings;
let broker: Principal;
let environment: Readonly<Record<string, string>>;

interface Line {
  readonly what: string;
  readonly verdict: string;
  readonly says: string;
}

beforeAll(async () => {
  service = await embeddedSettings();
  const { cloud, directory } = service;
  cloud.auditLog.setDelay(0);
  broker = cloud.identity.define({ name: 'broker', kind: 'managed-identity', address: '203.0.113.9' });
  cloud.gitea.addRepository('acme/served', { private: true });
  cloud.gitea.startJob({ repository: 'acme/served', name: 'deploy', runner: 'runner-payments' }).finish();
  const policy = join(directory, 'broker.policy.yml');
  const text = `format: 1
secrets: { payments-api-key: { issuer: generated, validity: 90d, namespaces: [served] } }
namespaces: { served: { repositories: [acme/served] } }
identities: { ${broker.objectId}: { role: broker } }
`;
  await writeFile(policy, text);
  environment = {
    ...service.environment,
    KEYTURN_ROLE: 'broker',
    KEYTURN_POLICY: policy,
    KEYTURN_IDENTITY_CLIENT_ID: broker.clientId,
    KEYTURN_GITEA_TOKEN: cloud.gitea.seedToken('keyturn', 'broker', ['read:repository']),
  };
});
afterAll(async () => await service.stop());
beforeEach(() => {
  service.cloud.vault.revokeGrants(broker);
  service.cloud.vault.grant(broker, ['get'], 'payments-api-key');
});

async function doctor(changes: Record<string, string> = {}) {
  const { code, printed } = await callCommand(['doctor', '--json'], { environment: { ...environment, ...changes } });
  const { checks } = JSON.parse(printed[0] ?? '') as { checks: Line[] };
  const failed = checks.filter(({ verdict }) => verdict === 'fail');
  return { code, checks, failed: failed.map(({ what }) => what), says: failed.map(({ says }) => says).join('\n') };
}

const place = (what: string) => `${what} ${service.cloud.vault.name}`;

describe('keyturn doctor for the broker', () => {
  it('passes an identity that may get single secrets, and a token that reads jobs', async () => {
    const { code, checks, failed } = await doctor();
    expect([code, failed]).toEqual([0, []]);
    expect(checks.every(({ verdict }) => verdict === 'pass')).toBe(true);
    expect(checks.map(({ what }) => what)).toContain('Gitea: acme/served');
  });

  it('says nothing of what other roles need, and makes no read of the canary', async () => {
    const { checks } = await doctor();
    const others = ['canary read', 'staging key', 'log workspace', 'sealing key', 'setting secrets', 'notifications'];
    expect(checks.filter(({ what }) => others.includes(what))).toEqual([]);
  });

  it.each([
    ['list', ['get', 'list'], 'listing'],
    ['update', ['update'], 'changing'],
    ['set', ['set'], 'changing'],
    ['read staged values', ['get'], 'staged values in'],
  ] as const)('fails where the identity may %s in the whole vault', async (_may, rights, what) => {
    service.cloud.vault.grant(broker, rights);
    const { code, failed } = await doctor();
    expect([code, failed.includes(place(what))]).toEqual([1, true]);
  });

  it('fails where the identity may read a secret of Keyturn itself, and reads no value to see it', async () => {
    service.cloud.vault.grant(broker, ['get'], 'keyturn-canary');
    const before = service.cloud.auditLog.rows().length;
    const { code, failed } = await doctor();
    expect([code, failed]).toEqual([1, [`${service.cloud.vault.name}/keyturn-canary`]]);
    const rows = service.cloud.auditLog.rows().slice(before);
    expect(rows.length).toBeGreaterThan(3);
    const disclosed = rows.filter((row) => row['HttpStatusCode'] === 200);
    expect(disclosed).toEqual([]);
  });

  it('fails where the token is not shown a repository that the policy serves, and never prints it', async () => {
    service.cloud.gitea.addUser({ name: 'outsider', password: 'battery staple' });
    const token = service.cloud.gitea.seedToken('outsider', 'broker', ['read:repository']);
    const { code, failed, says } = await doctor({ KEYTURN_GITEA_TOKEN: token });
    expect([code, failed]).toEqual([1, ['Gitea: acme/served']]);
    expect(says).not.toContain(token);
  });

  it('fails where the token may not read repositories', async () => {
    const token = service.cloud.gitea.seedToken('keyturn', 'narrow', ['read:user']);
    const { failed } = await doctor({ KEYTURN_GITEA_TOKEN: token });
    expect(failed).toEqual(['Gitea: acme/served']);
  });

  it('warns in one process for all that jobs are served with the identity of the rotator', async () => {
    const { printed } = await callCommand(['doctor', '--json'], { environment: service.environment });
    const { checks } = JSON.parse(printed[0] ?? '') as { checks: Line[] };
    expect(checks.find(({ what }) => what === 'broker')).toMatchObject({ verdict: 'warn' });
  });
});
