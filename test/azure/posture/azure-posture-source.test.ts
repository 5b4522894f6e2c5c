import { afterEach, describe, expect, it } from 'vitest';
import { keepPosture, postureAt, posturesOf } from '../../../src/audit/posture/posture-ledger.ts';
import { azurePostureSource } from '../../../src/azure/posture/azure-posture-source.ts';
import { memoryRecordStore } from '../../memory-record-store.ts';
import { postureWorld, type PostureWorld } from './posture-world.ts';

const worlds: PostureWorld[] = [];
afterEach(async () => {
  for (const { cloud } of worlds.splice(0)) await cloud.stop();
});

async function world(options: Parameters<typeof postureWorld>[0] = {}): Promise<PostureWorld> {
  const made = await postureWorld(options);
  worlds.push(made);
  return made;
}

const secretsUser = '4633458b-17de-408a-b874-0445c86b69e6';

describe('a look at grants and setup', () => {
  it('sees assignments at every scope around the vault, on all pages, and leaves out those of other resources', async () => {
    const { cloud, source, subscription } = await world();
    const { authorisation } = cloud.resourceManager;
    const scopes = [
      '/',
      '/providers/Microsoft.Management/managementGroups/root',
      subscription,
      `${subscription}/resourceGroups/keyturn-embedded`,
      cloud.vault.resourceId,
      `${cloud.vault.resourceId}/secrets/deploy-token`,
    ];
    for (const scope of [...scopes, `${subscription}/resourceGroups/other`]) {
      const principalId = '00000000-0000-0000-0000-0000000000AA';
      authorisation.assign({ role: secretsUser, scope, principalId, principalType: 'User' });
    }
    const { subscriptions } = await source.look(cloud.clock.now());
    const [{ assignments, roles } = expect.unreachable('no subscription')] = subscriptions;
    if (assignments.outcome !== 'seen' || roles.outcome !== 'seen') expect.unreachable('not seen');
    const granted = assignments.value.filter(({ role }) => role === secretsUser);
    expect(granted.map(({ scope }) => scope)).toEqual(scopes.map((scope) => scope.toLowerCase()));
    expect(granted[0]?.principalId).toBe('00000000-0000-0000-0000-0000000000aa');
    expect(roles.value.map(({ roleName }) => roleName).sort()).toEqual(['Key Vault Secrets User', 'Reader']);
  });

  it('sees when an assignment ends, who may activate one, conditions and denials', async () => {
    const { cloud, source, subscription } = await world();
    const { authorisation } = cloud.resourceManager;
    const common = { role: secretsUser, scope: subscription, principalType: 'User' } as const;
    authorisation.assign({ ...common, principalId: 'a1', endsOn: '2026-03-03T00:00:00Z' });
    authorisation.assign({ ...common, principalId: 'a2', state: 'eligible' });
    authorisation.assign({ ...common, principalId: 'a3', condition: '(1 = 1)' });
    authorisation.deny({ scope: cloud.vault.resourceId, permissions: { dataActions: ['*'] }, principals: ['a1'] });
    const [one] = (await source.look(cloud.clock.now())).subscriptions;
    expect(one).toMatchObject({
      assignments: {
        value: expect.arrayContaining([
          expect.objectContaining({ principalId: 'a1', endsAt: '2026-03-03T00:00:00Z', condition: null }),
          expect.objectContaining({ principalId: 'a3', endsAt: null, condition: '(1 = 1)' }),
        ]) as unknown,
      },
      eligible: { value: [{ principalId: 'a2' }] },
      denials: { value: [{ principals: ['a1'], permissions: [{ dataActions: ['*'] }] }] },
    });
  });

  it('sees the members of a group through nested groups', async () => {
    const { cloud, source, subscription } = await world();
    const inner = cloud.graph.directory.addGroup(['m2', 'm3', 'm4']);
    const group = cloud.graph.directory.addGroup(['m1', inner]);
    const { authorisation } = cloud.resourceManager;
    authorisation.assign({ role: secretsUser, scope: subscription, principalId: group, principalType: 'Group' });
    const { groups } = await source.look(cloud.clock.now());
    expect(groups[group]).toMatchObject({
      outcome: 'seen',
      value: expect.arrayContaining(['m1', 'm2', 'm3', 'm4']) as unknown,
    });
  });

  it('sees how the vault is set up, its metric by hour, the tables of its log and vaults that nobody examines', async () => {
    const { cloud, source } = await world();
    Object.assign(cloud.vault.configuration, {
      enablePurgeProtection: false,
      defaultAction: 'Deny',
      ipRules: ['203.0.113.0/24'],
    });
    cloud.resourceManager.otherVaults.push('kv-forgotten');
    cloud.resourceManager.tables.set('AZKVAuditLogs', { plan: 'Basic', retentionInDays: 30, totalRetentionInDays: 30 });
    cloud.resourceManager.tables.delete('AzureDiagnostics');
    await fetch(`${cloud.vault.url}/secrets?api-version=7.5`);
    cloud.clock.advance(3_600_000);
    const { vaults, subscriptions, workspaceTables, answers } = await source.look(cloud.clock.now());
    expect(vaults).toMatchObject([
      {
        setup: {
          value: {
            usesRoles: true,
            purgeProtection: false,
            softDelete: true,
            softDeleteDays: 90,
            firewall: { defaultAction: 'deny', addresses: ['203.0.113.0/24'] },
          },
        },
        diagnosticSettings: { value: [{ name: 'keyturn', audits: true }] },
        requests: { value: expect.arrayContaining([{ hour: '2026-03-02T13:00:00Z', count: 1 }]) as unknown },
      },
    ]);
    expect(subscriptions[0]?.vaults).toMatchObject({
      value: [cloud.vault.resourceId, expect.stringMatching(/kv-forgotten$/)],
    });
    expect(workspaceTables).toEqual({
      outcome: 'seen',
      value: [{ table: 'AZKVAuditLogs', plan: 'Basic', retentionDays: 30, totalRetentionDays: 30 }],
    });
    expect(answers.length).toBeGreaterThan(8);
    expect(answers.every(({ sha256 }) => /^[0-9a-f]{64}$/.test(sha256))).toBe(true);
  });

  it('sees the access policies of a vault without role assignments', async () => {
    const { cloud, source } = await world();
    cloud.vault.configuration.enableRbacAuthorization = false;
    cloud.vault.configuration.accessPolicies = [{ objectId: 'B1', secrets: ['Get', 'List'] }];
    const { vaults, groups } = await source.look(cloud.clock.now());
    expect(vaults[0]?.setup).toMatchObject({
      value: { usesRoles: false, accessPolicies: [{ objectId: 'b1', secrets: ['get', 'list'], applicationId: null }] },
    });
    // An access policy does not say whether its object is a group; Graph does.
    expect(groups['b1']).toEqual({ outcome: 'not-seen', because: 'not-there' });
  });

  it('tells grants that came and went between two looks, by the activity log', async () => {
    const { cloud, source } = await world();
    const { authorisation } = cloud.resourceManager;
    const { resourceId: scope } = cloud.vault;
    const { name } = authorisation.assign(
      { role: secretsUser, scope, principalId: 'c1', principalType: 'User' },
      'eve',
    );
    cloud.clock.advance(60_000);
    authorisation.unassign(name, 'eve');
    const { subscriptions } = await source.look(cloud.clock.now());
    const id = `${scope}/providers/microsoft.authorization/roleassignments/${name}`;
    expect(subscriptions[0]?.changes).toMatchObject({
      value: expect.arrayContaining([
        {
          at: '2026-03-02T13:00:00.000Z',
          operation: 'microsoft.authorization/roleassignments/write',
          resourceId: id,
          caller: 'eve',
        },
        {
          at: '2026-03-02T13:01:00.000Z',
          operation: 'microsoft.authorization/roleassignments/delete',
          resourceId: id,
          caller: 'eve',
        },
      ]) as unknown,
    });
  });

  it('says of each part that it may not read it, and counts none of them as absent', async () => {
    const { cloud, source } = await world({ mayRead: false });
    const denied = { outcome: 'not-seen', because: 'access-denied' };
    const { vaults, subscriptions, workspaceTables } = await source.look(cloud.clock.now());
    expect(vaults[0]).toMatchObject({ setup: denied, diagnosticSettings: denied, requests: denied });
    expect(subscriptions[0]).toMatchObject({ assignments: denied, roles: denied, denials: denied, vaults: denied });
    expect(workspaceTables).toEqual(denied);
  });

  it('says of a group that may not be read, and of a service that fails, which it was', async () => {
    const { cloud, source, reporter, subscription } = await world({ mayRead: false });
    const { authorisation } = cloud.resourceManager;
    const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';
    authorisation.assign({
      role: reader,
      scope: subscription,
      principalId: reporter.objectId,
      principalType: 'ServicePrincipal',
    });
    const group = cloud.graph.directory.addGroup(['m1']);
    authorisation.assign({ role: secretsUser, scope: subscription, principalId: group, principalType: 'Group' });
    expect((await source.look(cloud.clock.now())).groups[group]).toEqual({
      outcome: 'not-seen',
      because: 'access-denied',
    });
    cloud.resourceManager.failNext(400, 1_000);
    const { vaults } = await source.look(cloud.clock.now());
    expect(vaults[0]?.setup).toEqual({ outcome: 'not-seen', because: 'unreadable' });
  });
});

describe('a look at a cloud that does not answer', () => {
  it('asks once, and says of every part that it could not be reached', async () => {
    let tokens = 0;
    const service = {
      // Nobody listens on this port of the machine.
      endpoint: 'http://127.0.0.1:9',
      audience: 'https://management.azure.com',
      embedded: true,
      credential: {
        getToken: () => {
          tokens += 1;
          return Promise.resolve({ token: 'token', expiresOnTimestamp: Date.now() + 3_600_000 });
        },
      },
    };
    const resourceId = '/subscriptions/s/resourcegroups/g/providers/microsoft.keyvault/vaults/kv';
    const source = azurePostureSource({
      resourceManager: service,
      graph: service,
      vaults: [{ name: 'kv', url: 'https://kv.vault.azure.net', resourceId }],
      stagingVault: null,
      workspaceId: null,
    });
    const { vaults, subscriptions } = await source.look(new Date('2026-03-02T13:00:00Z'));
    const unreachable = { outcome: 'not-seen', because: 'unreachable' };
    expect(vaults[0]).toMatchObject({ setup: unreachable, diagnosticSettings: unreachable, requests: unreachable });
    expect(subscriptions[0]).toMatchObject({ assignments: unreachable, denials: unreachable });
    expect(tokens).toBe(1);
  });
});

describe('the record of looks', () => {
  it('keeps two looks a day, and gives back the one in force at a moment', async () => {
    const { cloud, source } = await world();
    const records = memoryRecordStore();
    const kept: string[] = [];
    for (let hour = 0; hour < 48; hour += 1) {
      if (await keepPosture(records, source, cloud.clock.now())) kept.push(cloud.clock.now().toISOString());
      cloud.clock.advance(3_600_000);
    }
    expect(kept).toHaveLength(5);
    expect((await postureAt(records, new Date('2026-03-03T00:30:00Z')))?.at).toBe(kept[1]);
    expect(await postureAt(records, new Date('2026-03-02T12:00:00Z'))).toBeNull();
    const within: string[] = [];
    const period = { from: new Date('2026-03-03T06:00:00Z'), to: new Date('2026-03-04T00:00:00Z') };
    for await (const { at } of posturesOf(records, period)) within.push(at);
    expect(within).toEqual(kept.slice(1, 4));
  });

  it('looks again in the next hour if a part could not be reached', async () => {
    const { cloud, source } = await world();
    const records = memoryRecordStore();
    const now = cloud.clock.now();
    const blind = {
      look: async (at: Date) => ({
        ...(await source.look(at)),
        workspaceTables: { outcome: 'not-seen', because: 'unreachable' } as const,
      }),
    };
    expect(await keepPosture(records, blind, now)).toBe(true);
    expect(await keepPosture(records, source, new Date(now.getTime() + 60_000))).toBe(false);
    expect(await keepPosture(records, source, new Date(now.getTime() + 3_600_000))).toBe(true);
    expect(await keepPosture(records, source, new Date(now.getTime() + 7_200_000))).toBe(false);
  });
});
