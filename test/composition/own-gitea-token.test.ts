import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { auditWithReads } from '../audit/collected-events.ts';
import type { Attribution } from '../../src/audit/model/attribution.ts';
import { composeKeyturn } from '../../src/compose.ts';
import type { Composition } from '../../src/composition/composition.ts';
import { readRotationHistories } from '../../src/rotation/history/read-rotation-histories.ts';
import { requestRotation } from '../../src/rotation/request-rotation.ts';
import type { RotationHistory } from '../../src/rotation/history/rotation-history.ts';
import { embeddedSettings, type EmbeddedSettings } from '../functions/embedded-settings.ts';
import { personCalled } from '../provenance/people.ts';

const name = 'keyturn-gitea-token';
const dayMs = 86_400_000;
const hourMs = 3_600_000;
const scopes = ['read:repository', 'write:user', 'write:admin'];

describe('the Gitea token that the settings refer to, rotated by the service that acts with it', () => {
  let service: EmbeddedSettings;
  let keyturn: Composition;
  beforeAll(async () => {
    service = await embeddedSettings();
    const { cloud, world, environment } = service;
    cloud.clock.stand();
    cloud.auditLog.setDelay(0);
    const created = new Date(cloud.clock.now().getTime() - 80 * dayMs);
    const expires = new Date(created.getTime() + 90 * dayMs);
    cloud.vault.seed({ name, value: world.gitea.serviceToken, created, expires });
    const reference = `@Microsoft.KeyVault(SecretUri=${cloud.vault.url}/secrets/${name})`;
    const file = environment['KEYTURN_POLICY'] ?? '';
    const policy = parse(await readFile(file, 'utf8')) as { secrets: Record<string, object> };
    policy.secrets[name] = {
      issuer: 'gitea-token',
      target: { user: 'keyturn', scopes },
      validity: '90d',
      grace: '1h',
      consumersLifetime: '1h',
      minimumAge: '1h',
    };
    await writeFile(file, stringify(policy));
    keyturn = await composeKeyturn(
      { ...environment, KEYTURN_GITEA_TOKEN: reference },
      { now: () => cloud.clock.now() },
    );
  });
  afterAll(async () => await service.stop());

  it('is switched for the new one as soon as that is published, while the old one still works', async () => {
    const { world } = service;
    const before = (await tokens(world.gitea.serviceToken)).body.map((token) => token.name);
    const rotationId = await requestRotation(keyturn.rotation, {
      secret: name,
      reason: 'a test',
      by: personCalled('ann'),
      emergency: false,
    });
    expect(await stateOf(rotationId)).toBe('grace');
    // Both work: whoever holds the old one still has his grace.
    const made = await tokens(world.gitea.serviceToken);
    const own = made.body.filter((token) => !before.includes(token.name));
    expect(own.map((token) => token.name)).toEqual([`keyturn.${name}.${rotationId}.1`]);
    expect(own[0]?.scopes.toSorted()).toEqual(scopes.toSorted());
    // The service goes on with the new one: without the old one it still finds its jobs.
    expect(await endToken(world.gitea.serviceToken, 'keyturn-service')).toBe(204);
    expect((await tokens(world.gitea.serviceToken)).status).toBe(401);
    expect(await keyturn.keyturn.collectJobs()).toMatchObject({ what: 'Jobs' });
  });

  it('leaves no read of its own that the audit could not explain', async () => {
    const { cloud } = service;
    cloud.clock.advance(2 * hourMs);
    await keyturn.keyturn.reconcileRotations();
    await keyturn.keyturn.collectRetrievals();
    cloud.clock.advance(hourMs);
    await keyturn.keyturn.collectRetrievals();
    const rows = (await audited()).filter(({ retrieval }) => retrieval.secret === name);
    expect(rows.length).toBeGreaterThan(1);
    const reasons = rows.map(({ grade, reason }) => `${grade} ${reason}`);
    const explained = ['rotation own-read-on-record', 'rotation journal-entry'];
    expect(reasons.filter((reason) => !explained.includes(reason))).toEqual([]);
    expect((await audited()).filter(({ grade }) => grade === 'rotation-unexplained')).toEqual([]);
  });

  async function endToken(value: string, token: string): Promise<number> {
    const authorization = `Basic ${Buffer.from(`keyturn:${value}`).toString('base64')}`;
    const url = `${service.cloud.gitea.url}/api/v1/users/keyturn/tokens/${token}`;
    return (await fetch(url, { method: 'DELETE', headers: { authorization } })).status;
  }

  async function tokens(value: string) {
    const authorization = `Basic ${Buffer.from(`keyturn:${value}`).toString('base64')}`;
    const answer = await fetch(`${service.cloud.gitea.url}/api/v1/users/keyturn/tokens`, {
      headers: { authorization },
    });
    const body = answer.ok ? ((await answer.json()) as { name: string; scopes: string[] }[]) : [];
    return { status: answer.status, body };
  }

  async function stateOf(rotationId: string): Promise<string | null> {
    for await (const one of readRotationHistories(keyturn.records)) {
      if (one.rotationId.startsWith(rotationId)) return one.state;
    }
    return null;
  }

  async function audited(): Promise<readonly Attribution[]> {
    const { records, policy, now, settings } = keyturn;
    const period = { from: new Date(now().getTime() - dayMs), to: now() };
    const rotations: RotationHistory[] = [];
    for await (const one of readRotationHistories(records, period)) rotations.push(one);
    const vaults = settings.vaults.map((vault) => vault.name);
    return (await auditWithReads({ records, policy: policy(), vaults, period, rotations, now: now() })).attributions;
  }
});
