import { describe, expect, it } from 'vitest';
import { appendEntry, readJournal } from '../../../src/rotation/journal/target-journal.ts';
import { reconcileRotations } from '../../../src/rotation/reconcile-rotations.ts';
import { cutJournal, journalOfSecret } from '../world/by-hand.ts';
import { passes } from '../world/faulty-world.ts';
import { openGate } from '../world/gate.ts';
import { bindingOf, hourMs, type RotationWorld, rotationWorld } from '../world/rotation-world.ts';

// No pass came to rest after these requests, so that the index of targets knows nothing of the journals that are cut.
const requests = {
  random: ['vault.add app'],
  mint: ['provider.issue', 'vault.add app'],
  'two-users': ['provider.issue', 'vault.add app'],
  single: ['provider.issue', 'vault.add app'],
  'two-keys': ['provider.issue', 'vault.add app'],
} as const;
const cases = Object.entries(requests).flatMap(([issuer, calls]) => calls.map((call) => ({ issuer, call })));

/** Right after the first request of this name has had its effect, the process is gone. */
async function diesAfter(world: RotationWorld, call: string): Promise<void> {
  let dead = false;
  world.gateway.gate = {
    before: () => {
      if (dead) throw new Error('dead');
    },
    after: (what) => {
      dead ||= what.startsWith(call);
      if (dead) throw new Error('dead');
    },
  };
  await expect(reconcileRotations(world.tools)).rejects.toThrow('dead');
  world.gateway.gate = openGate;
  world.restart();
}

async function diedAfter(issuer: string, call: string): Promise<RotationWorld> {
  const world = rotationWorld([bindingOf('app', issuer)]);
  await diesAfter(world, call);
  return world;
}

describe('a journal that is cut before any pass rested', () => {
  it.each(cases)(
    'is rebuilt by observing before anything else, when it lost the entry of a request: $call of $issuer',
    async ({ issuer, call }) => {
      const { length } = await journalOfSecret(await diedAfter(issuer, call));
      for (let kept = 0; kept < length; kept += 1) {
        const world = await diedAfter(issuer, call);
        await cutJournal(world, kept);
        await passes(world, 1, 2 * hourMs);
        expect({ kept, act: (await journalOfSecret(world))[kept]?.act }).toEqual({ kept, act: 'rebuild' });
        await passes(world, 24);
        await passes(world, 12, 4 * hourMs);
        const provider = Object.values(world.providers).find((known) => known.issuer.name === issuer);
        const latest = world.latestValue('app') ?? '';
        expect({ kept, works: provider?.opens('app', latest) }).toEqual({ kept, works: true });
        if (issuer === 'mint')
          expect({ kept, live: provider?.live('app').map(({ value }) => value) }).toEqual({ kept, live: [latest] });
        const rebuilt = (await journalOfSecret(world)).filter(({ act }) => act === 'rebuild');
        expect({ kept, times: rebuilt.length }).toEqual({ kept, times: 1 });
      }
    },
  );

  it('is noticed though it has grown longer than it was', async () => {
    const world = await diedAfter('mint', 'vault.add app');
    const entries = await journalOfSecret(world);
    const target = entries[0]?.target ?? '';
    await cutJournal(world, entries.length - 1);
    let journal = await readJournal(world.records, target);
    const called = { writer: 'another', kind: 'note', act: 'call', operations: [] } as const;
    for (const code of ['SECRET_ABSENT', 'SECRET_DISABLED', 'VALUE_SET_BACK'] as const)
      journal = await appendEntry(world.records, journal, {
        ...called,
        at: world.tools.now().toISOString(),
        facts: { code, about: 'identify' },
      });
    const { number } = journal.state;
    expect(number).toBeGreaterThan(entries.length);
    await passes(world, 1);
    expect((await journalOfSecret(world))[number]?.act).toBe('rebuild');
  });
});
