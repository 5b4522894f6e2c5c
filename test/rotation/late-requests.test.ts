import { describe, expect, it } from 'vitest';
import type { CredentialIssuer } from '../../src/rotation/ports/credential-issuer.ts';
import { listRotations } from '../../src/rotation/list-rotations.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { requestRotation } from '../../src/rotation/request-rotation.ts';
import { emptyMemory, type RotationTools } from '../../src/rotation/rotation-tools.ts';
import { ServiceError } from '../../src/service-error.ts';
import { lostPut, unclear } from './world/faulty-world.ts';
import { statesOf } from './world/by-hand.ts';
import { type RotationWorld, bindingOf, hourMs, rotationWorld } from './world/rotation-world.ts';
import { personCalled } from '../provenance/people.ts';

const minuteMs = 60_000;
/** As late as a request may arrive, and a little less. */
const lateMs = 14 * minuteMs;

interface GivenUp {
  readonly tools: RotationTools;
  /** Lets the request arrive whose sender gave it up; gives false when none was held back. */
  readonly arrive: () => Promise<boolean>;
}

/** Holds back the first request of a kind and tells its sender that the answer was lost. */
function holdingBack(world: RotationWorld, issuerName: string, act: 'issue' | 'revoke'): GivenUp {
  const issuer = world.tools.issuers.get(issuerName);
  if (issuer === undefined) throw new Error(issuerName);
  let held: (() => Promise<unknown>) | null = null;
  const first = <Value>(request: () => Promise<Value>): Promise<Value> => {
    if (held !== null) return request();
    held = request;
    return Promise.reject(unclear);
  };
  const holding: CredentialIssuer = {
    ...issuer,
    // It was sent in time; the network holds it.
    issue: ({ deadline: _sent, ...request }, proposed) =>
      act === 'issue' ? first(() => issuer.issue(request, proposed)) : issuer.issue(request, proposed),
    revoke: ({ deadline: _sent, ...request }, id) =>
      act === 'revoke' ? first(() => issuer.revoke(request, id)) : issuer.revoke(request, id),
  };
  return {
    tools: { ...world.tools, issuers: new Map([...world.tools.issuers, [issuerName, holding]]) },
    arrive: async () => {
      await held?.();
      return held !== null;
    },
  };
}

async function passesFor(world: RotationWorld, tools: RotationTools, milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += minuteMs) {
    world.advance(minuteMs);
    await reconcileRotations(tools);
  }
}

describe('a key that a forgotten request renews once more', () => {
  it('is published only when no such request can be under way any more', async () => {
    const world = rotationWorld([bindingOf('app', 'two-keys')]);
    const { tools, arrive } = holdingBack(world, 'two-keys', 'issue');
    await reconcileRotations(tools);
    await passesFor(world, tools, lateMs);
    expect(await arrive()).toBe(true);
    expect(world.providers['two-keys'].opens('app', world.latestValue('app') ?? '')).toBe(true);
    await passesFor(world, tools, 20 * minuteMs);
    expect(await statesOf(world)).toEqual(['grace']);
    expect(world.providers['two-keys'].opens('app', world.latestValue('app') ?? '')).toBe(true);
  });

  it('costs no try to wait for', async () => {
    const world = rotationWorld([bindingOf('app', 'two-keys')]);
    const { tools } = holdingBack(world, 'two-keys', 'issue');
    await reconcileRotations(tools);
    await passesFor(world, tools, 10 * minuteMs);
    const [rotation] = await listRotations(world.tools);
    expect(rotation).toMatchObject({ state: 'retry-wait', failure: 'PROVIDER_ANSWER_UNCLEAR' });
    expect(world.providers['two-keys'].made).toBe(0);
  });
});

describe.each(['two-keys', 'two-users'] as const)('a forgotten revocation by %s', (issuer) => {
  it('ends nothing that the next rotation made, even in an emergency', async () => {
    const world = rotationWorld([bindingOf('app', issuer)]);
    const { tools, arrive } = holdingBack(world, issuer, 'revoke');
    await reconcileRotations(tools);
    world.advance(2 * hourMs);
    await reconcileRotations(tools);
    await passesFor(world, tools, 2 * minuteMs);
    const request = { secret: 'kv/app', reason: 'leaked', by: personCalled('ann'), emergency: true };
    await requestRotation(tools, request).catch((error: unknown) => {
      if (!ServiceError.is(error)) throw error;
    });
    await passesFor(world, tools, lateMs - 4 * minuteMs);
    expect(await arrive()).toBe(true);
    expect(world.providers[issuer].opens('app', world.latestValue('app') ?? '')).toBe(true);
    await passesFor(world, tools, 30 * minuteMs);
    expect((await statesOf(world)).at(-1)).toBe('done');
    expect(world.providers[issuer].opens('app', world.latestValue('app') ?? '')).toBe(true);
  });
});

describe('a password that is set again with the value that was staged', () => {
  it('is published without waiting: a request that arrives late sets the same', async () => {
    const world = rotationWorld([bindingOf('app', 'two-users')]);
    const { tools, arrive } = holdingBack(world, 'two-users', 'issue');
    await reconcileRotations(tools);
    await passesFor(world, tools, minuteMs);
    expect(await statesOf(world)).toEqual(['grace']);
    expect(await arrive()).toBe(true);
    expect(world.providers['two-users'].opens('app', world.latestValue('app') ?? '')).toBe(true);
  });
});

describe('a token whose value was lost with its worker', () => {
  /** Minted, and the worker dies before anything of it is staged. */
  async function mintedAndLost(): Promise<RotationWorld> {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    // Neither is it staged, nor can anybody look whether it was.
    world.gateway.gate = {
      before: (what) => {
        if (/^vault\.(?:add|latest) rot-pending/.test(what)) throw lostPut;
      },
      after: () => undefined,
    };
    await reconcileRotations(world.tools);
    world.restart();
    world.advance(minuteMs);
    return world;
  }

  it('is not revoked by a worker that slept through its lease behind its intent', async () => {
    const world = await mintedAndLost();
    const calls: string[] = [];
    world.gateway.gate = {
      before: (what) => {
        calls.push(what);
        if (what === 'vault.value app') world.advance(10 * minuteMs);
      },
      after: () => undefined,
    };
    await reconcileRotations(world.tools);
    expect(calls).toContain('vault.value app');
    expect(calls.filter((what) => what.startsWith('provider.revoke'))).toEqual([]);
  });

  it('is never published once its withdrawal was begun, though it turns up staged', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    let late: (() => Promise<unknown>) | null = null;
    const stores = new Map([
      [
        'kv',
        {
          ...world.vault,
          add: async (version: Parameters<typeof world.vault.add>[0]) => {
            if (!version.name.startsWith('rot-pending') || late !== null) return await world.vault.add(version);
            late = () => world.vault.add(version);
            throw new ServiceError('VAULT_UNREACHABLE', { vault: 'kv', reason: 'away' });
          },
        },
      ],
    ]);
    const { tools, arrive } = holdingBack({ ...world, tools: { ...world.tools, stores } }, 'mint', 'revoke');
    await reconcileRotations(tools);
    const [minted] = world.providers.mint.live('app').filter(({ id }) => id !== 'old-app');
    // A new process, which knows nothing of the value: it begins to withdraw, and the answer is lost.
    const restarted = { ...tools, memory: emptyMemory() };
    world.advance(minuteMs);
    await reconcileRotations(restarted);
    await (late as (() => Promise<unknown>) | null)?.();
    world.advance(minuteMs);
    await reconcileRotations(restarted);
    await passesFor(world, restarted, 5 * minuteMs);
    expect(await statesOf(world)).toEqual(['grace']);
    expect(await arrive()).toBe(true);
    expect(world.providers.mint.opens('app', world.latestValue('app') ?? '')).toBe(true);
    expect(world.providers.mint.live('app').map(({ id }) => id)).not.toContain(minted?.id);
  });
});
