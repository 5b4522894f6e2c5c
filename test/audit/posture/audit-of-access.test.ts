import { afterEach, describe, expect, it } from 'vitest';
import { auditedWorld, type AuditedWorld } from '../audited-world.ts';
import { embeddedPostureSource, letLook } from '../../azure/posture/embedded-posture-source.ts';
import { keepPosture } from '../../../src/audit/posture/posture-ledger.ts';

const worlds: AuditedWorld[] = [];
afterEach(async () => {
  for (const { cloud } of worlds.splice(0)) await cloud.stop();
});

async function world(): Promise<AuditedWorld> {
  const made = await auditedWorld();
  worlds.push(made);
  return made;
}

describe('an audit of who could read', () => {
  it('finds over the wire what Azure shows, and says how often it looked', async () => {
    const { cloud, records, principals, clock, collectRetrievals, audit } = await world();
    letLook(cloud, principals.reporter);
    const source = embeddedPostureSource(cloud, principals.reporter);
    const { configuration } = cloud.vault;
    Object.assign(configuration, { defaultAction: 'Deny', ipRules: ['198.51.100.0/24'], bypass: 'None' });
    await keepPosture(records, source, clock.now());
    const name = cloud.resourceManager.authorisation.assign({
      role: '4633458b-17de-408a-b874-0445c86b69e6',
      scope: cloud.vault.resourceId,
      principalId: '00000000-0000-4000-8000-000000000001',
      principalType: 'User',
    }).name;
    clock.advance(60_000);
    cloud.resourceManager.authorisation.unassign(name);
    clock.advance(12 * 3_600_000);
    Object.assign(configuration, { defaultAction: 'Allow', ipRules: [], enablePurgeProtection: false });
    await collectRetrievals();
    await keepPosture(records, source, clock.now());
    clock.advance(60_000);
    const { findings, access } = await audit();
    const rules = new Set(findings.map(({ rule }) => rule));
    expect([...rules]).toEqual(expect.arrayContaining(['grant-on-vault', 'staging-readable', 'grant-brief']));
    expect(findings.find(({ rule }) => rule === 'grant-brief')?.evidence[0]).toContain(name);
    expect(access.notSeen).toEqual([]);
    expect(access.setupLooks.map(({ purgeProtection, changes }) => [purgeProtection, changes])).toEqual([
      [true, []],
      [false, ['purge protection from on to off', 'firewall from deny (198.51.100.0/24) to allow (no addresses)']],
    ]);
    expect(access.settingLooks.map(({ sent }) => sent)).toEqual([true, true]);
    // Two looks of one day are one grant a day.
    expect(access.grantDays.filter(({ principalId }) => principalId === principals.runner.objectId)).toMatchObject([
      { day: '2026-03-02', reach: 'vault', why: 'a runner can read every secret of the vault' },
    ]);
    expect(access.grantDays.find(({ principalId }) => principalId === principals.rotator.objectId)?.why).toBeNull();
    expect(access.grantDays.find(({ principalId }) => principalId === principals.person.objectId)?.why).toBe(
      'the policy does not list the identity',
    );
  });

  it('says that grants could not be seen, and finds nothing about them', async () => {
    const { cloud, records, principals, clock, audit } = await world();
    await keepPosture(records, embeddedPostureSource(cloud, principals.other), clock.now());
    clock.advance(60_000);
    const { findings, access } = await audit();
    expect(findings.filter(({ rule }) => /grant|staging-readable/.test(rule))).toEqual([]);
    expect(access.grantDays).toEqual([]);
    const because =
      'could not be seen, because the identity may not read them: it needs the role Reader on the subscription';
    const subscription = cloud.vault.resourceId.split('/')[2] ?? '';
    expect(access.notSeen.map(({ says }) => says)).toEqual(
      expect.arrayContaining(
        [
          `grants on ${cloud.vault.name}`,
          `the setup of ${cloud.vault.name}`,
          `the vaults of the subscription ${subscription}`,
          `changes of grants in the subscription ${subscription}`,
          "the plan and retention of the log's tables",
        ].map((what) => `${what} ${because}`),
      ),
    );
    expect((await (await world()).audit()).access.notSeen).toEqual([
      { about: 'looks', says: 'nobody looked at grants and settings in the period' },
    ]);
  });
});
