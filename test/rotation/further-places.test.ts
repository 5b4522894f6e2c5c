import { describe, expect, it } from 'vitest';
import { handleVaultEvent } from '../../src/rotation/handle-vault-event.ts';
import { readRotationHistories } from '../../src/rotation/history/read-rotation-histories.ts';
import { passes, unclear } from './world/faulty-world.ts';
import { nearExpiry } from './world/near-expiry.ts';
import { bindingOf, hourMs, rotationWorld } from './world/rotation-world.ts';

describe('the history of a value that goes to a further place', () => {
  it('names the place, and when it was given the value', async () => {
    const world = rotationWorld([bindingOf('app', 'mint', { alsoPublish: [{ kind: 'shelf', name: 'app' }] })]);
    let isOpen = false;
    const publish = () => (isOpen ? Promise.resolve() : Promise.reject(unclear));
    Object.assign(world.tools, { places: new Map([['shelf', { kind: 'shelf', check: () => [], publish }]]) });
    await handleVaultEvent(world.tools, nearExpiry(world.vault, 'app'));
    for await (const { places, publication } of readRotationHistories(world.tools.records))
      expect([publication, places]).toEqual(['published', [{ place: 'shelf app', givenAt: null }]]);
    isOpen = true;
    await passes(world, 4, hourMs);
    for await (const { places, publishedAt } of readRotationHistories(world.tools.records)) {
      expect(places).toMatchObject([{ place: 'shelf app' }]);
      expect(Date.parse(places[0]?.givenAt ?? '')).toBeGreaterThanOrEqual(Date.parse(publishedAt ?? ''));
    }
    const without = rotationWorld([bindingOf('app', 'mint')]);
    await handleVaultEvent(without.tools, nearExpiry(without.vault, 'app'));
    for await (const { places } of readRotationHistories(without.tools.records)) expect(places).toEqual([]);
  });
});
