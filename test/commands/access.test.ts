import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Principal } from '../../embedded/azure/identity/managed-identity.ts';
import { composeKeyturn } from '../../src/compose.ts';
import { letLook } from '../azure/posture/embedded-posture-source.ts';
import { embeddedSettings, type EmbeddedSettings } from '../functions/embedded-settings.ts';
import { callCommand, type Called } from './call-command.ts';

let service: EmbeddedSettings;
let environment: Record<string, string>;
let administrator: Principal;
const owner = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635';
const secretsUser = '4633458b-17de-408a-b874-0445c86b69e6';

beforeAll(async () => {
  service = await embeddedSettings();
  const { cloud, world } = service;
  cloud.auditLog.setDelay(0);
  administrator = cloud.identity.define({ name: 'administrator', kind: 'managed-identity', address: '203.0.113.9' });
  const subscription = cloud.vault.resourceId.split('/').slice(0, 3).join('/');
  const principalId = administrator.objectId;
  cloud.resourceManager.authorisation.assign({ role: owner, scope: subscription, principalId, principalType: 'User' });
  letLook(cloud, world.keyturn);
});
afterAll(async () => await service.stop());

const runners = ['runner-payments', 'runner-shop'] as const;
let objectIds: Record<string, string>;

/** A runner for payments, one for the shop, two namespaces, and a secret without one. */
beforeEach(async () => {
  const { cloud, world, directory } = service;
  const policy = join(directory, 'access.policy.yml');
  objectIds = {};
  for (const name of runners) {
    const principal = cloud.identity.define({ name, kind: 'managed-identity', address: '203.0.113.20' });
    objectIds[name] = principal.objectId;
    cloud.vault.grant(principal, ['get']);
  }
  for (const name of ['pay-one', 'pay-two', 'shop-one', 'shared-one', 'other-one'])
    cloud.vault.seed({ name, value: `v-${name}` });
  await writeFile(
    policy,
    `format: 1
secrets:
  pay-one: { issuer: generated, validity: 90d, namespaces: [payments] }
  pay-two: { issuer: generated, validity: 90d, namespaces: [payments] }
  shop-one: { issuer: generated, validity: 90d, namespaces: [shop] }
  shared-one: { issuer: generated, validity: 90d }
namespaces:
  payments: { repositories: [acme/payments] }
  shop: { repositories: [acme/shop] }
identities:
  ${world.keyturn.objectId}: { role: rotator }
  ${objectIds['runner-payments'] ?? ''}: { role: runner, repositories: [acme/payments] }
  ${objectIds['runner-shop'] ?? ''}: { role: runner, repositories: [acme/shop] }
`,
  );
  environment = {
    ...service.environment,
    KEYTURN_POLICY: policy,
    KEYTURN_RESOURCE_MANAGER_ENDPOINT: cloud.resourceManager.url,
    KEYTURN_GRAPH_ENDPOINT: cloud.graph.url,
  };
});
afterEach(() => {
  const { authorisation } = service.cloud.resourceManager;
  const kept = [service.world.keyturn.objectId, administrator.objectId];
  for (const { name, principalId } of authorisation.assignments()) {
    if (!kept.includes(principalId)) authorisation.unassign(name);
  }
});

const call = async (...words: readonly string[]): Promise<Called> =>
  await callCommand(['access', ...words], { environment, now: () => service.cloud.clock.now() });

async function read(principalName: string, secret: string): Promise<number> {
  const { cloud } = service;
  const principal = cloud.identity.principals().findLast(({ objectId }) => objectId === objectIds[principalName]);
  if (principal === undefined) throw new Error(`There is no ${principalName}.`);
  const token = cloud.identity.tokenFor(principal, 'https://vault.azure.net');
  const answer = await fetch(`${cloud.vault.url}/secrets/${secret}/?api-version=2025-07-01`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return answer.status;
}

/** What an administrator's shell does with the lines of a plan. */
async function apply(lines: readonly string[]): Promise<void> {
  const { cloud } = service;
  const { authorisation, url } = cloud.resourceManager;
  const token = cloud.identity.tokenFor(administrator, 'https://management.azure.com');
  for (const line of lines.filter((one) => one.startsWith('az '))) {
    const option = (name: string) => new RegExp(`--${name} ("[^"]*"|\\S+)`).exec(line)?.[1]?.replaceAll('"', '') ?? '';
    const isDeletion = line.startsWith('az role assignment delete');
    const id = `${option('scope')}/providers/Microsoft.Authorization/roleAssignments/${crypto.randomUUID()}`;
    const role = authorisation.roles().find(({ roleName }) => roleName === option('role'))?.name ?? 'unknown';
    const roleDefinitionId = `/providers/Microsoft.Authorization/roleDefinitions/${role}`;
    const properties = {
      roleDefinitionId,
      principalId: option('assignee-object-id'),
      principalType: 'ServicePrincipal',
    };
    const answer = await fetch(`${url}${isDeletion ? option('ids') : id}?api-version=2022-04-01`, {
      method: isDeletion ? 'DELETE' : 'PUT',
      headers: { authorization: `Bearer ${token}` },
      ...(isDeletion ? {} : { body: JSON.stringify({ properties }) }),
    });
    expect([line, answer.ok]).toEqual([line, true]);
  }
}

async function collect(): Promise<void> {
  const { keyturn } = await composeKeyturn(environment, { now: () => service.cloud.clock.now() });
  await keyturn.collectRetrievals();
}

describe('keyturn access plan', () => {
  it('applied leaves no drift, loses no read of ninety days, and opens nothing else', async () => {
    const { cloud, world } = service;
    cloud.vault.revokeGrants(world.person);
    cloud.vault.revokeGrants(world.broker);
    for (const principal of world.runners.values()) cloud.vault.revokeGrants(principal);
    const reads = [
      ['runner-payments', 'pay-one'],
      ['runner-shop', 'shop-one'],
      ['runner-shop', 'shared-one'],
    ] as const;
    for (const [runner, secret] of reads) expect(await read(runner, secret)).toBe(200);
    await collect();

    const before = await call('drift');
    expect(before.code).toBe(1);
    expect(before.printed.filter((line) => line.startsWith('too-much'))).toHaveLength(2);

    const plan = await call('plan', '--to', 'az');
    expect([plan.code, plan.said]).toEqual([0, []]);
    const [creations, deletions] = ['create', 'delete'].map((verb) =>
      plan.printed.filter((line) => line.startsWith(`az role assignment ${verb}`)),
    );
    expect(creations?.map((line) => line.split('/secrets/')[1]).sort()).toEqual([
      'pay-one',
      'pay-two',
      'shared-one',
      'shop-one',
    ]);
    expect(deletions).toHaveLength(2);
    await apply(plan.printed);

    expect(await call('drift')).toMatchObject({ code: 0, printed: ['Policy and grants agree.'] });
    for (const [runner, secret] of reads)
      expect([runner, secret, await read(runner, secret)]).toEqual([runner, secret, 200]);
    expect(await read('runner-payments', 'pay-two')).toBe(200);
    for (const secret of ['shop-one', 'shared-one', 'other-one', 'keyturn-canary'])
      expect([secret, await read('runner-payments', secret)]).toEqual([secret, 403]);
    const again = await call('plan', '--to', 'az', '--json');
    expect(JSON.parse(again.printed[0] ?? '')).toMatchObject({ create: [], remove: [] });
  });

  it('names reads that would end because the policy does not allow them, and ends with 1', async () => {
    expect(await read('runner-shop', 'pay-one')).toBe(200);
    await collect();
    const { code, printed } = await call('plan', '--to', 'az');
    expect(code).toBe(1);
    const { name } = service.cloud.vault;
    expect(printed).toEqual(
      expect.arrayContaining([
        expect.stringContaining(`# Ends: ${objectIds['runner-shop'] ?? ''} read ${name}/pay-one 1 times`),
      ]),
    );
  });

  it('leaves to a person what lies above the vault, and says whose it is', async () => {
    const { cloud } = service;
    const scope = cloud.vault.resourceId.split('/').slice(0, 3).join('/');
    const principalId = objectIds['runner-shop'] ?? '';
    const { name } = cloud.resourceManager.authorisation.assign({
      role: secretsUser,
      scope,
      principalId,
      principalType: 'ServicePrincipal',
    });
    const { code, printed } = await call('plan', '--to', 'az');
    expect(code).toBe(1);
    expect(
      printed.some((line) => line.startsWith(`# By hand: ${principalId} has Key Vault Secrets User on ${scope}`)),
    ).toBe(true);
    expect(printed.some((line) => line.includes(`delete --ids`) && line.includes(name))).toBe(false);
  });

  it('writes Bicep and Terraform that make the same grants, and says what they cannot end', async () => {
    const bicep = (await call('plan', '--to', 'bicep')).printed;
    const terraform = (await call('plan', '--to', 'terraform')).printed;
    for (const secret of ['pay-one', 'pay-two', 'shop-one']) {
      expect(bicep).toContain(`  name: '${secret}'`);
      expect(terraform).toContain(`  scope                = "${service.cloud.vault.resourceId}/secrets/${secret}"`);
    }
    expect(bicep.filter((line) => line.includes("'Microsoft.Authorization/roleAssignments@2022-04-01'"))).toHaveLength(
      3,
    );
    expect(terraform.filter((line) => line.startsWith('resource "azurerm_role_assignment"'))).toHaveLength(3);
    expect(bicep.some((line) => line.startsWith('//   az role assignment delete --ids'))).toBe(true);
    expect(terraform.some((line) => line.startsWith('#   az role assignment delete --ids'))).toBe(true);
  });
});

describe('keyturn access drift', () => {
  it('names a grant that the policy needs and that is not there', async () => {
    const { cloud } = service;
    const runner = cloud.identity.principals().find(({ objectId }) => objectId === objectIds['runner-shop']);
    if (runner === undefined) expect.unreachable('the runner is defined');
    cloud.vault.revokeGrants(runner);
    const { code, printed } = await call('drift', '--json');
    expect(code).toBe(1);
    const { differences } = JSON.parse(printed[0] ?? '') as { differences: object[] };
    expect(differences).toContainEqual(
      expect.objectContaining({ kind: 'missing', secret: 'shop-one', principalId: runner.objectId }),
    );
  });

  it('cannot say anything where it may not look, and ends with 3', async () => {
    const { cloud } = service;
    const { authorisation } = cloud.resourceManager;
    const reader = authorisation
      .assignments()
      .find(({ principalId, role }) => principalId === service.world.keyturn.objectId && role.startsWith('acdd72a7'));
    authorisation.unassign(reader?.name ?? '');
    try {
      const { code, said } = await call('drift');
      expect(code).toBe(3);
      expect(said[0]).toMatch(/^GRANTS_NOT_SEEN: .*Reader/);
    } finally {
      letLook(cloud, service.world.keyturn);
    }
  });

  it('refuses words that do not belong together', async () => {
    expect((await call('plan')).code).toBe(2);
    expect((await call('drift', '--to', 'az')).code).toBe(2);
    expect((await call('sideways')).code).toBe(2);
  });
});
