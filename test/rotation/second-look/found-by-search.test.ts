import { describe, expect, it } from 'vitest';
import { listRotations } from '../../../src/rotation/list-rotations.ts';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import type { SecretValue } from '../../../src/secrets/secret-value.ts';
import { far, rollBackNewest, setAgain } from '../world/by-hand.ts';
import { failing, lostPut, passes, unclear } from '../world/faulty-world.ts';
import { bindingOf, dayMs, hourMs, type RotationWorld, rotationWorld } from '../world/rotation-world.ts';

describe('a key that somebody renews by hand right before the other one is to be renewed', () => {
  it('calls a person for the dead value, though the provider cannot say which key is free', async () => {
    const world = rotationWorld([bindingOf('app', 'two-keys')]);
    world.gateway.gate = {
      before: (what) => {
        const isIntent = what.startsWith('records.create journal') && what.endsWith('000003.json');
        if (isIntent) world.providers['two-keys'].put('app', { id: 'key1', name: 'key1', value: 'by hand' });
      },
      after: () => undefined,
    };
    const { counts, failures } = await reconcileRotations(world.tools);
    expect(failures.map(({ error }) => error.code)).toEqual(['PROVIDER_STATE_REFUSED']);
    expect(counts.needsAttention).toBe(1);
    const listed = (await listRotations(world.tools)).map(({ state }) => state);
    expect(listed).toEqual(['needs-attention']);
  });
});

describe('a publication whose answer was lost, whose version somebody disables and sets once more', () => {
  const issuers = ['mint', 'two-users', 'two-keys'] as const;

  it.each(issuers)('goes on working, and so does what it replaced within its grace: %s', async (issuer) => {
    const world = rotationWorld([bindingOf('app', issuer)]);
    failing(world, 'vault.add app', 1, lostPut, 'after');
    await reconcileRotations(world.tools);
    await staysWorking(world, issuer);
  });

  it.each(issuers)('does so where nobody saw the version before it was disabled: %s', async (issuer) => {
    const world = rotationWorld([bindingOf('app', issuer)]);
    let isLeft = true;
    const after = (what: string) => {
      if (what !== 'vault.add app' || !isLeft) return;
      isLeft = false;
      disableAndSetAgain(world);
      throw lostPut;
    };
    world.gateway.gate = { before: () => undefined, after };
    await reconcileRotations(world.tools);
    await staysWorking(world, issuer, true);
  });
});

describe('a token that may be in force under another name', () => {
  it('is asked about as soon as its grace is over, and works on until a person agrees', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await reconcileRotations(world.tools);
    disableAndSetAgain(world);
    await passes(world, 3, hourMs);
    const [rotation] = await listRotations(world.tools);
    expect(rotation?.awaits).toBe('revoke');
    expect(rotation?.waitsFor.join()).toMatch(/^the value of version \w+ may be the same/);
    expect(world.providers.mint.opens('app', world.latestValue('app') ?? '')).toBe(true);
  });
});

describe('a further place that may have got the new value when a person rolls back a later rotation', () => {
  it('gets the old value again, though it had that before', async () => {
    const world = rotationWorld([bindingOf('app', 'mint', { alsoPublish: [{ kind: 'shelf', name: 'app' }] })]);
    let held = '';
    let isAnswered = true;
    const place = {
      kind: 'shelf',
      check: () => [],
      publish: (_target: unknown, value: SecretValue) => {
        held = value.reveal();
        return isAnswered ? Promise.resolve() : Promise.reject(unclear);
      },
    };
    Object.assign(world.tools, { places: new Map([['shelf', place]]) });
    await passes(world, 4, hourMs);
    const old = world.latestValue('app') ?? '';
    expect(held).toBe(old);
    isAnswered = false;
    world.advance(70 * dayMs);
    await reconcileRotations(world.tools);
    expect(world.latestValue('app')).not.toBe(old);
    expect(held).toBe(world.latestValue('app'));
    await rollBackNewest(world);
    expect(world.latestValue('app')).toBe(old);
    isAnswered = true;
    await passes(world, 4, hourMs);
    expect(held).toBe(old);
  });
});

function disableAndSetAgain(world: RotationWorld): void {
  world.vault.disable('app', world.vault.held('app').at(-1)?.version ?? '');
  setAgain(world, 'app', -1, far);
}

async function staysWorking(world: RotationWorld, issuer: 'mint' | 'two-users' | 'two-keys', isDone = false) {
  if (!isDone) disableAndSetAgain(world);
  world.restart();
  const opens = (value: string | undefined) => world.providers[issuer].opens('app', value ?? '');
  const [old] = world.vault.held('app');
  for (let pass = 0; pass < 11; pass += 1) {
    await passes(world, 1);
    const works = { pass, old: opens(old?.value.reveal()), latest: opens(world.latestValue('app') ?? '') };
    expect(works).toEqual({ pass, old: true, latest: true });
  }
  await passes(world, 24);
  expect(opens(old?.value.reveal())).toBe(false);
  expect(opens(world.latestValue('app') ?? '')).toBe(true);
}
