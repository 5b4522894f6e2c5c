import { describe, expect, it } from 'vitest';
import { knownSecrets, upcomingOf } from '../../../src/composition/portal/known-secrets.ts';
import type { InventoriedSecret } from '../../../src/audit/model/audited-period.ts';
import { parsePolicy } from '../../../src/secrets/parse-policy.ts';
import type { ListedRotation } from '../../../src/web/portal-ports.ts';
import { listedRead } from '../../web/portal-examples.ts';
import { listedRotation } from '../../web/web-world.ts';

const now = new Date('2026-03-01T12:00:00Z');
const vault = { name: 'kv', url: 'https://kv', resourceId: null };
const policy = parsePolicy(
  [
    'format: 1',
    'secrets:',
    '  kv/app: { issuer: generated, validity: 90d, grace: 1d, owner: team-app, environment: prod }',
    '  kv/night: { issuer: generated, validity: 90d, grace: 1d, first: automatic, windows: [{ days: [sat], from: "02:00", to: "04:00", timeZone: UTC }] }',
    '  kv/hand: { issuer: generated, validity: 90d, grace: 1d, mode: by-hand }',
    '  kv/absent: { issuer: generated, validity: 90d, grace: 1d }',
  ].join('\n'),
  'policy.yml',
  [vault],
);

function inventoried(secret: string, change: Partial<InventoriedSecret> = {}): InventoriedSecret {
  return {
    vault: 'kv',
    secret,
    version: 'a'.repeat(32),
    enabled: true,
    created: '2026-01-10T00:00:00.000Z',
    expires: '2026-04-10T00:00:00.000Z',
    environment: null,
    issuer: 'generated',
    validityDays: 90,
    tags: {},
    ...change,
  };
}

function facts(inventory: readonly InventoriedSecret[], rotations = [listedRotation({ secret: 'none' })]) {
  return { policy, inventory, rotations, audited: { reads: [listedRead()] }, now };
}

describe('the secrets that the portal knows', () => {
  it('are those of the inventory and those that the policy names, with owner and last read', () => {
    const known = knownSecrets(facts([inventoried('app'), inventoried('stray', { issuer: null, validityDays: null })]));
    expect([...known.keys()]).toEqual(['kv/absent', 'kv/app', 'kv/hand', 'kv/night', 'kv/stray']);
    expect(known.get('kv/app')?.listed).toMatchObject({
      owner: 'team-app',
      environment: 'prod',
      binding: 'bound',
      reads: 1,
      lastReadAt: listedRead().at,
    });
    expect(known.get('kv/stray')?.listed).toMatchObject({ binding: 'not-bound', issuer: null });
    expect(known.get('kv/absent')?.listed).toMatchObject({ version: null, due: null, reads: 0 });
  });

  it('are named as the value of a certificate, though the policy has an issuer for one: the vault replaces it', () => {
    const held = { issuer: 'generated', managed: true } as const;
    const known = knownSecrets(facts([inventoried('app', held), inventoried('site', { ...held, issuer: null })]));
    for (const key of ['kv/app', 'kv/site'])
      expect(known.get(key)?.listed).toMatchObject({ binding: 'vault-certificate', issuer: null });
    const app = known.get('kv/app');
    if (app === undefined) throw new Error('unlisted');
    const says = upcomingOf(app, facts([])).map((one) => one.says);
    expect(says).toEqual(['expires']);
  });

  it('show what a rotation has published since the inventory was taken, and not what it took back', () => {
    const published = {
      publishedVersion: 'b'.repeat(32),
      publishedAt: '2026-03-01T11:00:00.000Z',
      state: 'grace',
    } as const;
    const old = [inventoried('app', { created: '2025-11-20T00:00:00.000Z', expires: '2026-02-18T00:00:00.000Z' })];
    const known = (state: ListedRotation['state'], newValue: ListedRotation['newValue']) =>
      knownSecrets(facts(old, [listedRotation({ ...published, state, newValue })])).get('kv/app')?.listed;
    expect(known('grace', 'in-force')).toMatchObject({
      version: 'b'.repeat(32),
      created: '2026-03-01T11:00:00.000Z',
      expires: '2026-05-30T11:00:00.000Z',
      health: 'rotating',
    });
    expect(known('rolled-back', 'in-grace')).toMatchObject({ version: 'a'.repeat(32), health: 'overdue' });
    expect(known('needs-attention', 'in-grace')).toMatchObject({ version: 'a'.repeat(32), health: 'overdue' });
  });

  it.each([
    ['overdue', { expires: '2026-02-01T00:00:00.000Z' }, {}],
    ['needs-attention', {}, { state: 'needs-attention' }],
    ['waits-for-a-person', {}, { awaits: 'publish', state: 'awaiting-approval' }],
    ['disabled', { enabled: false }, { state: 'done' }],
    ['no-end', { expires: null, validityDays: null }, { state: 'done' }],
    ['rotating', {}, { state: 'grace' }],
    ['due-soon', { expires: '2026-03-09T00:00:00.000Z' }, { state: 'done' }],
    ['good', {}, { state: 'done' }],
  ] as const)('are %s', (health, secret, rotation) => {
    const known = knownSecrets(facts([inventoried('app', secret)], [listedRotation({ ...rotation })]));
    expect(known.get('kv/app')?.listed.health).toBe(health);
  });

  const comes = (
    secret: string,
    change: Partial<InventoriedSecret> = {},
    rotations = [listedRotation({ secret: 'none' })],
  ) => {
    const given = facts([inventoried(secret, change)], rotations);
    const known = knownSecrets(given).get(`kv/${secret}`);
    return known === undefined ? [] : upcomingOf(known, given).map(({ at, says }) => `${at.slice(0, 10)} ${says}`);
  };

  it('say when a rotation begins, in its window, by a person, or after a go', () => {
    expect(comes('app')).toEqual(['2026-03-11 is due, and its first rotation waits for a go', '2026-04-10 expires']);
    expect(comes('night')).toEqual(['2026-03-14 is due, and its window opens', '2026-04-10 expires']);
    expect(comes('hand')[0]).toBe('2026-03-11 is due, and a person must begin its rotation');
    expect(comes('app', {}, [listedRotation({ state: 'done' })])[0]).toBe('2026-03-11 is due, and its rotation begins');
  });

  it('promise no beginning while a rotation is open, and say that an expiry is over', () => {
    expect(comes('app', {}, [listedRotation({ state: 'needs-attention' })])).toEqual(['2026-04-10 expires']);
    expect(comes('stray', { expires: '2026-02-01T00:00:00.000Z', issuer: null, validityDays: null })).toEqual([
      '2026-02-01 expired, and a person must replace it',
    ]);
  });
});
