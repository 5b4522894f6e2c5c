import { describe, expect, it } from 'vitest';
import { handleVaultEvent } from '../../src/rotation/handle-vault-event.ts';
import { emptyMemory } from '../../src/rotation/rotation-tools.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { nearExpiry } from '../rotation/world/near-expiry.ts';
import { bindingOf, dayMs, rotationWorld } from '../rotation/world/rotation-world.ts';
import { webWorld } from './web-world.ts';

/** The hook over a real rotation, and what is on record of each event. */
function hook() {
  const world = rotationWorld([bindingOf('app', 'mint')]);
  const handle = async (event: unknown) => await handleVaultEvent(world.tools, event);
  const { send } = webWorld({ access: { trustLoopback: true }, ports: { handleVaultEvent: handle } });
  const post = async (body: string) => {
    const response = await send('/events/key-vault', { method: 'POST', body });
    return { status: response.status, body: await response.json() };
  };
  const kept = async () => {
    const found: unknown[] = [];
    for await (const path of world.records.list('events/')) {
      found.push(JSON.parse(Buffer.from((await world.records.read(path))?.bytes ?? []).toString()));
    }
    return found;
  };
  const put = (expires: Date | null) => world.vault.put({ name: 'app', value: new SecretValue('healthy'), expires });
  return { ...world, post, kept, put };
}

type Hook = ReturnType<typeof hook>;

describe('an event that must not start a rotation, sent to the hook', () => {
  it.each<[string, (here: Hook) => object, object]>([
    [
      'of an unknown vault',
      ({ vault }) => ({ ...nearExpiry(vault, 'app'), topic: '/subscriptions/s/providers/Microsoft.KeyVault/vaults/x' }),
      { outcome: 'refused', reason: 'unknown-vault at topic', secret: null },
    ],
    [
      'of an unknown type',
      ({ vault }) => nearExpiry(vault, 'app', { type: 'SecretSang' }),
      { outcome: 'refused', reason: 'unknown-type at eventType', secret: null },
    ],
    [
      'for a version that is not the newest',
      ({ vault, put }) => {
        const old = vault.held('app').at(-1)?.version ?? '';
        put(null);
        return nearExpiry(vault, 'app', { version: old });
      },
      { outcome: 'stale', secret: 'kv/app' },
    ],
    [
      'for a secret that is not near its expiry',
      ({ vault, tools, put }) => {
        put(new Date(tools.now().getTime() + 80 * dayMs));
        return nearExpiry(vault, 'app');
      },
      { outcome: 'not-due', reason: 'not-yet', secret: 'kv/app' },
    ],
    [
      'for a young secret without an expiry',
      ({ vault, put }) => {
        put(null);
        return nearExpiry(vault, 'app');
      },
      { outcome: 'not-due', reason: 'not-yet', secret: 'kv/app' },
    ],
    ['without a type', () => ({ id: '1' }), { outcome: 'refused', reason: 'malformed at eventType', secret: null }],
    ['that is no object', () => [[]], { outcome: 'refused', reason: 'not-json at event', secret: null }],
  ])('%s is answered, recorded and changes nothing', async (_, eventOf, expected) => {
    const here = hook();
    const event = eventOf(here);
    const versions = here.vault.held('app').length;
    const { outcome } = expected as { outcome: string };
    expect(await here.post(JSON.stringify(event))).toEqual({ status: 200, body: { outcomes: [outcome] } });
    expect(await here.kept()).toMatchObject([expected]);
    expect([here.vault.held('app').length, here.providers.mint.made]).toEqual([versions, 0]);
  });

  it('reports invalid JSON, and processes the valid events of a batch', async () => {
    const here = hook();
    const { status, body } = await here.post('{"id": 1,');
    expect([status, JSON.stringify(body)]).toEqual([400, expect.stringContaining('not JSON in UTF-8')]);
    const both = [{ id: 'x' }, null, nearExpiry(here.vault, 'app')];
    expect(await here.post(JSON.stringify(both))).toEqual({
      status: 200,
      body: { outcomes: ['refused', 'refused', 'published'] },
    });
    expect(await here.kept()).toHaveLength(3);
  });
});

describe('a flood of forged events', () => {
  it('leaves a handful of records that say how many there were, and nothing in memory that grows', async () => {
    const here = hook();
    const forged = (number: number) => ({ id: `forged-${String(number)}`, eventType: 'Microsoft.KeyVault.Nothing' });
    const floods = 40;
    for (let number = 0; number < floods; number += 1) {
      const events = Array.from({ length: 250 }, (_, index) => forged(number * 250 + index));
      expect((await here.post(JSON.stringify([...events, { id: `without-type-${String(number)}` }]))).status).toBe(200);
    }
    const kept = (await here.kept()) as { reason: string; count: number; eventId: string }[];
    expect(kept.map(({ reason }) => reason).sort()).toEqual(['malformed at eventType', 'unknown-type at eventType']);
    const [first] = kept.filter(({ reason }) => reason.startsWith('unknown-type'));
    expect(first).toMatchObject({ eventId: 'forged-0', outcome: 'refused' });
    expect(first?.count).toBeGreaterThanOrEqual((floods * 250) / 2);
    expect(first?.count).toBeLessThanOrEqual(floods * 250);
    expect(here.tools.memory.refusals.size).toBe(2);
  });

  it('is counted by each instance into the same record, and anew in the next minute', async () => {
    const here = hook();
    const forged = { id: 'forged', eventType: 'Microsoft.KeyVault.Nothing' };
    await here.post(JSON.stringify(forged));
    const other = { ...here.tools, memory: emptyMemory() };
    await handleVaultEvent(other, forged);
    expect(await here.kept()).toMatchObject([{ count: 2 }]);
    here.advance(60_000);
    await here.post(JSON.stringify(forged));
    expect(await here.kept()).toMatchObject([{ count: 2 }, { count: 1 }]);
    expect(here.tools.memory.refusals.size).toBe(1);
  });

  it('of one moment, sent side by side, is one record', async () => {
    const here = hook();
    const forged = JSON.stringify({ id: 'forged', eventType: 'Microsoft.KeyVault.Nothing' });
    const answers = await Promise.all(Array.from({ length: 20 }, async () => await here.post(forged)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await here.kept()).toHaveLength(1);
  });
});
