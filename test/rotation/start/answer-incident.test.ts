import { describe, expect, it } from 'vitest';
import { answerIncident, type ExposedSecret, planIncident } from '../../../src/rotation/answer-incident.ts';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { personCalled } from '../../provenance/people.ts';
import { bindingOf, dayMs, hourMs, policyOf, rotationWorld, type RotationWorld } from '../world/rotation-world.ts';

const by = personCalled('ann');
const reason = 'a runner was taken over';

describe('an incident in one command', () => {
  it('replaces what is in force, prod before dev, and names what no issuer replaces', async () => {
    const world = incidentWorld();
    const exposed = ['dev-key', 'licence', 'prod-key', 'gone', 'prod-late'].map((name) => exposure(world, name));
    const steps = await planIncident(world.tools, exposed);
    expect(steps.map(({ unit, does, owner }) => [unit, does, owner])).toEqual([
      ['kv/prod-late', 'replace', null],
      ['kv/prod-key', 'replace', null],
      ['kv/dev-key', 'replace', null],
      ['kv/licence', 'by-people', 'shop team'],
      ['kv/gone', 'over', null],
    ]);
    expect(world.vault.held('prod-key')).toHaveLength(1);
    const answers = await answerIncident(world.tools, steps, { by, reason });
    expect(answers.map(({ unit, fault }) => [unit, fault])).toEqual([
      ['kv/prod-late', null],
      ['kv/prod-key', null],
      ['kv/dev-key', null],
    ]);
    for (const name of ['prod-key', 'dev-key', 'prod-late'])
      expect(world.latestValue(name)).not.toBe(`value-of-old-${name}`);
    expect(world.latestValue('licence')).toBe('bought');
    // Asked again, nothing is left to be replaced: what was read is not in force any more.
    const again = await planIncident(world.tools, exposed);
    expect(again.filter(({ does }) => does === 'replace')).toEqual([]);
  });

  it('tells an older value that may still work from one that is dead', async () => {
    const world = incidentWorld();
    const exposed = [exposure(world, 'prod-key')];
    await reconcileRotations(world.tools);
    await reconcileRotations(world.tools);
    expect(await planIncident(world.tools, exposed)).toMatchObject([{ does: 'end-older' }]);
    for (let pass = 0; pass < 4; pass += 1) {
      world.advance(hourMs);
      await reconcileRotations(world.tools);
    }
    expect(await planIncident(world.tools, exposed)).toMatchObject([{ does: 'over' }]);
  });

  it('goes on with the others where one cannot be replaced', async () => {
    const world = incidentWorld();
    const exposed = ['prod-late', 'prod-key'].map((name) => exposure(world, name));
    const steps = await planIncident(world.tools, exposed);
    world.vault.remove('prod-late');
    const answers = await answerIncident(world.tools, steps, { by, reason });
    expect(answers.map(({ unit, fault }) => [unit, fault?.code])).toEqual([
      ['kv/prod-late', 'SECRET_ABSENT'],
      ['kv/prod-key', undefined],
    ]);
  });
});

function incidentWorld(): RotationWorld {
  const named = (name: string, environment: string) => bindingOf(name, 'mint', { environment });
  const bindings = [named('dev-key', 'dev'), named('prod-key', 'prod'), named('prod-late', 'prod')];
  const world = rotationWorld(bindings);
  const policy = policyOf(...bindings);
  const licence = { vault: 'kv', name: 'licence', owner: 'shop team', validityMs: 90 * dayMs, remindersMs: [] };
  world.policy({
    ...policy,
    limits: { ...policy.limits, environmentOrder: ['dev', 'staging', 'prod'] },
    tracked: new Map([['kv/licence', { ...licence, environment: 'prod', namespaces: [] }]]),
  });
  for (const name of ['licence', 'gone'])
    world.vault.put({ name, value: new SecretValue('bought'), created: world.tools.now() });
  world.vault.disable('gone', world.vault.held('gone')[0]?.version ?? '');
  return world;
}

/** Somebody read the version that is newest now; the one that was read late, last. */
function exposure(world: RotationWorld, name: string): ExposedSecret {
  const lastAt = name === 'prod-late' ? '2026-02-28T12:00:00Z' : '2026-02-27T12:00:00Z';
  return { vault: 'kv', secret: name, versions: [world.vault.held(name).at(-1)?.version ?? ''], count: 1, lastAt };
}
