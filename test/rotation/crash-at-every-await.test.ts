import { describe, expect, it } from 'vitest';
import { handleVaultEvent } from '../../src/rotation/handle-vault-event.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { readRotationHistories } from '../../src/rotation/history/read-rotation-histories.ts';
import { ServiceError } from '../../src/service-error.ts';
import { journalOfSecret } from './world/by-hand.ts';
import type { Gate } from './world/gate.ts';
import { nearExpiry } from './world/near-expiry.ts';
import { type RotationWorld, bindingOf, hourMs, rotationWorld } from './world/rotation-world.ts';

const issuers = ['random', 'mint', 'two-users', 'single', 'two-keys'] as const;

/** Dies at the call of this number, before it acts or behind it; everything after that fails too, as in a dead process. */
function deadAt(call: number, when: 'before' | 'after'): Gate & { calls: number } {
  const gate = {
    calls: 0,
    dead: false,
    before: () => {
      if (gate.dead) throw new Error('dead');
      gate.calls += 1;
      if (gate.calls === call && when === 'before') die();
    },
    after: () => {
      if (gate.calls === call && when === 'after') die();
    },
  };
  return gate;

  function die(): never {
    gate.dead = true;
    throw new Error('dead');
  }
}

async function untilDone(world: RotationWorld): Promise<number> {
  for (let pass = 1; pass <= 40; pass += 1) {
    await reconcileRotations(world.tools);
    const histories = [];
    for await (const history of readRotationHistories(world.tools.records)) histories.push(history);
    if (histories.length > 0 && histories.every(({ state }) => state === 'done')) return pass;
    world.advance(hourMs / 3);
  }
  throw new Error('never done');
}

describe.each(issuers)('the ten hardest faults, 2: a worker that dies anywhere in a rotation by %s', (issuer) => {
  it.each(['before', 'after'] as const)(
    'dying %s a call leaves nothing that the next passes do not finish',
    async (when) => {
      const total = await callsOf(issuer);
      for (let call = 1; call <= total; call += 1) {
        const world = rotationWorld([bindingOf('app', issuer)], { seed: call });
        const old = world.latestValue('app') ?? '';
        const provider = Object.values(world.providers).find((one) => one.issuer.name === issuer);
        world.gateway.gate = deadAt(call, when);
        await wholeLife(world).catch(() => undefined);
        world.restart();
        const broken: string[] = [];
        world.gateway.gate = {
          before: () => undefined,
          after: (what) => {
            const latest = world.latestValue('app');
            const works = latest !== null && provider?.opens('app', latest) === true;
            // One password cannot be old and new at once: between setting and publishing it the window is unavoidable.
            if (!works && issuer !== 'single') broken.push(what);
          },
        };
        await untilDone(world);
        const where = `${issuer} ${when} call ${String(call)}`;
        expect(broken, where).toEqual([]);
        const latest = world.latestValue('app') ?? '';
        expect(latest, where).not.toBe(old);
        expect(provider?.opens('app', latest), where).toBe(true);
        const live = provider?.live('app').map(({ value }) => value) ?? [];
        if (issuer === 'mint' || issuer === 'two-users' || issuer === 'single') expect(live, where).toEqual([latest]);
        expect(
          world.vault.held('app').filter(({ enabled }) => enabled),
          where,
        ).toHaveLength(1);
        expect(
          world.vault.held('rot-pending--app').filter(({ enabled }) => enabled),
          where,
        ).toEqual([]);
        // A head that is behind its journal, or ahead of what a dead worker knew, is no journal that was set back.
        expect(
          (await journalOfSecret(world)).filter(({ act }) => act === 'rebuild'),
          where,
        ).toEqual([]);
        expect(new Set(world.vault.held('app').map(({ tags }) => tags['rotation-id'])).size, where).toBe(
          world.vault.held('app').length,
        );
      }
    },
  );
});

/** One rotation from the event to its end, as one process does it. */
async function wholeLife(world: RotationWorld): Promise<void> {
  await handleVaultEvent(world.tools, nearExpiry(world.vault, 'app'));
  world.advance(2 * hourMs);
  await untilDone(world);
}

async function callsOf(issuer: string): Promise<number> {
  const world = rotationWorld([bindingOf('app', issuer)]);
  const gate = deadAt(0, 'before');
  world.gateway.gate = gate;
  await wholeLife(world);
  if (gate.calls < 20) throw new ServiceError('ROTATION_UNKNOWN', { rotationId: 'too few calls: nothing was tested' });
  return gate.calls;
}
