import { describe, expect, it } from 'vitest';
import { handleVaultEvent } from '../../src/rotation/handle-vault-event.ts';
import { readRotationHistories } from '../../src/rotation/history/read-rotation-histories.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { ServiceError } from '../../src/service-error.ts';
import { nearExpiry } from './world/near-expiry.ts';
import { type RotationWorld, bindingOf, dayMs, hourMs, rotationWorld } from './world/rotation-world.ts';

const world = () => rotationWorld([bindingOf('app', 'mint')]);

describe('a near-expiry event', () => {
  it('rotates a secret that the vault itself says is near its expiry', async () => {
    const one = world();
    expect(await handleVaultEvent(one.tools, nearExpiry(one.vault, 'app'))).toMatchObject({
      outcome: 'published',
      secret: 'kv/app',
    });
    expect(one.vault.held('app')).toHaveLength(2);
  });

  it('is one rotation in twenty copies at once, and a late copy behind it is stale', async () => {
    const one = world();
    const event = nearExpiry(one.vault, 'app');
    await Promise.all(Array.from({ length: 20 }, () => handleVaultEvent(one.tools, event)));
    expect(one.vault.held('app')).toHaveLength(2);
    expect(one.providers.mint.made).toBe(1);
    expect(await handleVaultEvent(one.tools, event)).toMatchObject({ outcome: 'stale' });
    expect(one.vault.held('app')).toHaveLength(2);
  });

  it('causes nothing on a healthy secret, however often it is forged', async () => {
    const one = world();
    one.vault.put({
      name: 'app',
      value: new SecretValue('new'),
      expires: new Date(one.tools.now().getTime() + 80 * dayMs),
    });
    expect(await handleVaultEvent(one.tools, nearExpiry(one.vault, 'app'))).toMatchObject({
      outcome: 'not-due',
      reason: 'not-yet',
    });
    expect(one.providers.mint.made).toBe(0);
  });

  it('causes nothing on a version younger than the minimum age', async () => {
    const one = world();
    one.vault.put({ name: 'app', value: new SecretValue('new'), expires: new Date(one.tools.now().getTime() + dayMs) });
    one.advance(hourMs / 2);
    expect(await handleVaultEvent(one.tools, nearExpiry(one.vault, 'app'))).toMatchObject({
      outcome: 'not-due',
      reason: 'too-young',
    });
  });

  it('is only noted for a secret that the policy does not bind', async () => {
    const one = rotationWorld([]);
    one.vault.put({ name: 'other', value: new SecretValue('x') });
    expect(await handleVaultEvent(one.tools, nearExpiry(one.vault, 'other'))).toMatchObject({
      outcome: 'not-bound',
      secret: 'kv/other',
    });
  });

  it('touches nothing for a tag that opts the secret out', async () => {
    const one = world();
    one.vault.put({
      name: 'app',
      value: new SecretValue('x'),
      created: new Date(one.tools.now().getTime() - 80 * dayMs),
      tags: { rotation: 'off' },
    });
    expect(await handleVaultEvent(one.tools, nearExpiry(one.vault, 'app'))).toMatchObject({
      outcome: 'not-due',
      reason: 'forbidden',
    });
  });

  it('touches nothing while the kill switch is on', async () => {
    const one = world();
    one.killSwitch = true;
    expect(await handleVaultEvent(one.tools, nearExpiry(one.vault, 'app'))).toMatchObject({ outcome: 'stopped' });
    expect(one.providers.mint.made).toBe(0);
  });
});

describe('an event that cannot be right', () => {
  const event = (one: RotationWorld) => nearExpiry(one.vault, 'app') as Record<string, unknown>;
  const data = (one: RotationWorld) => event(one)['data'] as Record<string, unknown>;
  it.each<[string, (one: RotationWorld) => unknown, string]>([
    ['is not JSON', () => '{"id":', 'not-json at event'],
    ['is nothing', () => null, 'not-json at event'],
    ['has two events in one', (one) => [event(one), event(one)], 'not-json at event'],
    ['has no id', (one) => ({ ...event(one), id: undefined }), 'malformed at id'],
    [
      'is of an unknown type',
      (one) => ({ ...event(one), eventType: 'Microsoft.KeyVault.KeyExpired' }),
      'unknown-type at eventType',
    ],
    [
      'has the type of an inherited name',
      (one) => ({ ...event(one), eventType: 'constructor' }),
      'unknown-type at eventType',
    ],
    [
      'is of another vault',
      (one) => ({ ...event(one), topic: `${String(event(one)['topic'])}2` }),
      'unknown-vault at topic',
    ],
    [
      'is of a vault of that name elsewhere',
      (one) => ({ ...event(one), topic: String(event(one)['topic']).replace('/G/', '/H/') }),
      'unknown-vault at topic',
    ],
    ['has no data', (one) => ({ ...event(one), data: 3 }), 'malformed at data'],
    [
      'is about a key',
      (one) => ({ ...event(one), data: { ...data(one), ObjectType: 'Key' } }),
      'not-a-secret at data.ObjectType',
    ],
    [
      'names a path for a secret',
      (one) => ({ ...event(one), data: { ...data(one), ObjectName: '../x' } }),
      'malformed at data.ObjectName',
    ],
    [
      'names no version',
      (one) => ({ ...event(one), data: { ...data(one), Version: 'latest' } }),
      'malformed at data.Version',
    ],
    ['contradicts itself', (one) => ({ ...event(one), subject: 'other' }), 'disagrees at subject'],
    [
      'has the address of another secret',
      (one) => ({ ...event(one), data: { ...data(one), Id: 'https://x/secrets/y/z' } }),
      'disagrees at data.Id',
    ],
  ])('is refused and recorded when it %s', async (_name, make, reason) => {
    const one = world();
    expect(await handleVaultEvent(one.tools, make(one))).toEqual({
      outcome: 'refused',
      secret: null,
      rotationId: null,
      reason,
    });
    expect(await recorded(one)).toHaveLength(1);
    expect(one.vault.held('app')).toHaveLength(1);
  });

  it('is refused when it speaks of a staging secret', async () => {
    const one = world();
    one.vault.put({ name: 'rot-pending--app', value: new SecretValue('x') });
    expect(await handleVaultEvent(one.tools, nearExpiry(one.vault, 'rot-pending--app'))).toMatchObject({
      reason: 'staging at data.ObjectName',
    });
  });
});

describe('when something does not answer', () => {
  it('throws only when the records cannot be reached, so that Event Grid delivers again', async () => {
    const one = world();
    const unreachable = new ServiceError('RECORD_STORE_UNREACHABLE', { store: 'memory', reason: 'test' });
    one.gateway.gate = {
      before: (what) => (what.startsWith('records.') ? Promise.reject(unreachable) : undefined),
      after: () => undefined,
    };
    await expect(handleVaultEvent(one.tools, nearExpiry(one.vault, 'app'))).rejects.toMatchObject({
      code: 'RECORD_STORE_UNREACHABLE',
    });
  });

  it('answers `failed` when the vault cannot be reached, and the next pass does the work', async () => {
    const one = world();
    const unreachable = new ServiceError('VAULT_UNREACHABLE', { vault: 'kv', reason: 'test' });
    one.gateway.gate = {
      before: (what) => (what.startsWith('vault.') ? Promise.reject(unreachable) : undefined),
      after: () => undefined,
    };
    expect(await handleVaultEvent(one.tools, nearExpiry(one.vault, 'app'))).toMatchObject({
      outcome: 'failed',
      reason: 'VAULT_UNREACHABLE',
    });
  });

  it('begins no step behind its deadline', async () => {
    const one = world();
    one.gateway.gate = { before: () => one.advance(2_000), after: () => undefined };
    const before = one.tools.monotonicMs();
    expect(await handleVaultEvent(one.tools, nearExpiry(one.vault, 'app'), { deadlineMs: 15_000 })).toMatchObject({
      outcome: 'rotating',
    });
    expect(one.tools.monotonicMs() - before).toBeLessThan(60_000);
  });
});

it('keeps no secret material in any record', async () => {
  const one = world();
  await handleVaultEvent(one.tools, nearExpiry(one.vault, 'app'));
  const values = [...one.vault.held('app'), ...one.vault.held('rot-pending--app')].map(({ value }) => value.reveal());
  expect(new Set(values).size).toBe(2);
  const all: string[] = [];
  for await (const path of one.tools.records.list('')) {
    const text = new TextDecoder().decode((await one.tools.records.read(path))?.bytes);
    all.push(path);
    for (const value of values) expect(text, path).not.toContain(value);
  }
  expect(all.length).toBeGreaterThan(5);
});

it('tells the vault operations that the audit may expect', async () => {
  const one = world();
  await handleVaultEvent(one.tools, nearExpiry(one.vault, 'app'));
  const histories = [];
  for await (const history of readRotationHistories(one.tools.records)) histories.push(history);
  expect(histories).toMatchObject([
    { vault: 'kv', secret: 'app', trigger: 'event', state: 'grace', oldValue: 'in-grace' },
  ]);
  expect(histories[0]?.operations.map(({ operation, secret }) => `${operation} ${secret}`)).toEqual([
    'SecretGet app',
    'SecretSet rot-pending--app',
    'SecretSet app',
    // The value in force is tried once it is published.
    'SecretGet app',
    'SecretUpdate rot-pending--app',
  ]);
});

async function recorded({ tools }: RotationWorld): Promise<readonly string[]> {
  const paths: string[] = [];
  for await (const path of tools.records.list('events/')) paths.push(path);
  return paths;
}
