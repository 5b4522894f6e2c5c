import { describe, expect, it } from 'vitest';
import { listRotations } from '../../src/rotation/list-rotations.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { emptyMemory } from '../../src/rotation/rotation-tools.ts';
import type { NewSecretVersion } from '../../src/rotation/ports/secret-store.ts';
import type { SecretValue } from '../../src/secrets/secret-value.ts';
import { ServiceError } from '../../src/service-error.ts';
import { drive, setAgain, setByHand, statesOf } from './world/by-hand.ts';
import { failing, passes } from './world/faulty-world.ts';
import { openGate } from './world/gate.ts';
import { type RotationWorld, bindingOf, hourMs, rotationWorld } from './world/rotation-world.ts';

const minuteMs = 60_000;

/** It was sent in time; the network holds it. */
function inTime({ deadline: _sent, ...version }: NewSecretVersion): NewSecretVersion {
  return version;
}

describe('somebody who sets the old value again between the evidence and the revocation', () => {
  it.each(['mint', 'two-keys', 'two-users'])('keeps the old credential of %s alive', async (issuer) => {
    const world = rotationWorld([bindingOf('app', issuer)]);
    await reconcileRotations(world.tools);
    world.advance(2 * hourMs);
    const old = world.vault.held('app')[0]?.value.reveal() ?? '';
    // The evidence is complete and the intent is about to be written.
    let done = false;
    world.gateway.gate = {
      before: (what) => {
        if (done || !what.startsWith('provider.verify')) return;
        done = true;
        setAgain(world, 'app', 0, new Date('2026-05-01T00:00:00Z'));
      },
      after: () => undefined,
    };
    await reconcileRotations(world.tools);
    expect(done).toBe(true);
    expect(world.latestValue('app')).toBe(old);
    const provider = world.tools.issuers.get(issuer)?.name as keyof RotationWorld['providers'];
    expect(world.providers[provider].opens('app', old)).toBe(true);
    expect(await statesOf(world)).toEqual(['superseded']);
  });
});

describe('a worker that read the journal long ago', () => {
  it('begins no second rotation of the target', async () => {
    const world = rotationWorld([bindingOf('app', 'mint', { minimumAgeMs: 0 })]);
    let looks = 0;
    const sleepy: RotationWorld['tools'] = {
      ...world.tools,
      memory: emptyMemory(),
      records: {
        ...world.tools.records,
        // After its look at the journal another worker begins, and somebody sets the secret.
        list: async function* (prefix) {
          const paths: string[] = [];
          for await (const path of world.tools.records.list(prefix)) paths.push(path);
          looks += prefix === 'journal/' ? 0 : 1;
          if (looks === 1 && prefix !== 'journal/') {
            await drive(world.tools);
            setAgain(world, 'app', -1, new Date('2026-03-05T00:00:00Z'));
          }
          yield* paths;
        },
      },
    };
    await drive(sleepy);
    expect(looks).toBeGreaterThan(0);
    expect(await listRotations(world.tools)).toHaveLength(1);
  });
});

describe('a journal that was lost, and that the index still knows', () => {
  it('is rebuilt from the version that the rotation published', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    await reconcileRotations(world.tools);
    const [rotation] = await listRotations(world.tools);
    const rotationId = rotation?.rotationId.split('.')[0] ?? '';
    const { records } = rotationWorld([]);
    const index = await world.records.read('rotation/targets.json');
    await records.create('rotation/targets.json', index?.bytes ?? new Uint8Array());
    const tools = { ...world.tools, records, memory: emptyMemory() };
    world.advance(hourMs);
    await reconcileRotations(tools);
    expect((await listRotations(tools)).map((one) => one.rotationId.split('.')[0])).toEqual([rotationId]);
    world.advance(2 * hourMs);
    await reconcileRotations(tools);
    world.advance(2 * hourMs);
    await reconcileRotations(tools);
    expect((await listRotations(tools)).map(({ state }) => state)).toEqual(['done']);
  });
});

describe('a publication that arrives after somebody else published', () => {
  it.each(['mint', 'single', 'two-users'] as const)('works for its readers: %s', async (issuer) => {
    const world = rotationWorld([bindingOf('app', issuer)]);
    let late: (() => Promise<unknown>) | null = null;
    const stores = new Map([
      [
        'kv',
        {
          ...world.vault,
          add: async (version: Parameters<typeof world.vault.add>[0]) => {
            if (version.name !== 'app' || late !== null) return await world.vault.add(version);
            late = () => world.vault.add(inTime(version));
            throw new ServiceError('VAULT_ANSWER_UNCLEAR', { vault: 'kv', secret: 'app', status: null });
          },
        },
      ],
    ]);
    const tools = { ...world.tools, stores };
    await reconcileRotations(tools);
    setAgain(world, 'app', 0, new Date('2026-05-01T00:00:00Z'));
    world.advance(minuteMs);
    await reconcileRotations(tools);
    expect(await statesOf(world)).toEqual(['superseded']);
    world.advance(5 * minuteMs);
    await reconcileRotations(tools);
    await (late as (() => Promise<unknown>) | null)?.();
    for (let pass = 0; pass < 3; pass += 1) {
      world.advance(10 * minuteMs);
      await reconcileRotations(tools);
    }
    expect(world.providers[issuer].opens('app', world.latestValue('app') ?? '')).toBe(true);
  });
});

describe('a version of an earlier attempt that arrives when the next one is published', () => {
  it('is covered again, so that a group and further places go on holding one value', async () => {
    const more = { group: 'both', target: {}, alsoPublish: [{ kind: 'shelf', name: 'shelf' }] };
    const world = rotationWorld([bindingOf('app', 'random', more), bindingOf('web', 'random', more)]);
    let shelf = '';
    const place = {
      kind: 'shelf',
      check: () => [],
      publish: (_target: unknown, value: SecretValue) => {
        shelf = value.reveal();
        return Promise.resolve();
      },
    };
    let late: (() => Promise<unknown>) | null = null;
    const add = async (version: Parameters<typeof world.vault.add>[0]) => {
      if (late !== null) return await world.vault.add(version);
      late = () => world.vault.add(inTime(version));
      throw new ServiceError('VAULT_ANSWER_UNCLEAR', { vault: 'kv', secret: 'app', status: null });
    };
    const tools = {
      ...world.tools,
      stores: new Map([['kv', { ...world.vault, add }]]),
      places: new Map([['shelf', place]]),
    };
    for (let pass = 0; pass < 2; pass += 1) {
      // Each pass is a process of its own: the value of a lost write dies with it.
      await reconcileRotations({ ...tools, memory: emptyMemory() });
      world.advance(minuteMs);
    }
    const published = world.latestValue('app');
    await (late as (() => Promise<unknown>) | null)?.();
    expect(world.latestValue('app')).not.toBe(published);
    world.advance(2 * hourMs);
    await reconcileRotations(tools);
    expect(world.latestValue('app')).toBe(published);
    expect(world.latestValue('web')).toBe(published);
    expect(shelf).toBe(published);
  });
});

describe('a group of which somebody sets another secret than the first while it is rotated', () => {
  it('is rotated all the same when that rotation is over', async () => {
    const group = { group: 'both', target: { account: 'shared' } };
    const world = rotationWorld([bindingOf('app', 'two-keys', group), bindingOf('web', 'two-keys', group)]);
    const old = world.latestValue('app') ?? '';
    failing(
      world,
      'provider.issue',
      1,
      new ServiceError('PROVIDER_UNREACHABLE', { issuer: 'two-keys', provider: 'test', reason: 'away' }),
      'before',
    );
    await reconcileRotations(world.tools);
    world.gateway.gate = openGate;
    setByHand(world, 'web', old);
    await passes(world, 33, hourMs);
    expect((await listRotations(world.tools)).map(({ state }) => state)).toContain('superseded');
    expect(world.latestValue('app')).not.toBe(old);
    expect(world.latestValue('web')).toBe(world.latestValue('app'));
  });
});
