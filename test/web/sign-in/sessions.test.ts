import { describe, expect, it } from 'vitest';
import type { RecordStore } from '../../../src/records/record-store.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { ServiceError } from '../../../src/service-error.ts';
import { sessionKey } from '../../../src/web/sign-in/session-key.ts';
import { recordedSpentTokens } from '../../../src/web/sign-in/spent-tokens.ts';
import { memoryRecordStore } from '../../memory-record-store.ts';
import { personCalled } from '../../provenance/people.ts';
import { sessionsUnderTest } from './sessions-under-test.ts';
import { webWorld } from '../web-world.ts';

const start = new Date('2026-03-01T12:00:00Z');
const hourMs = 3_600_000;
const ann = { person: personCalled('ann'), roles: ['auditor'] as const };
const at = (afterMs: number) => () => new Date(start.getTime() + afterMs);
const cookieOf = (token: string | null) => `other=1; keyturn-session=${token ?? ''}`;

function instance(records: RecordStore, afterMs = 0) {
  return sessionsUnderTest(at(afterMs), records).sessions;
}

describe('a session', () => {
  it('survives a restart and works at a second instance', async () => {
    const records = memoryRecordStore();
    const cookie = cookieOf(await instance(records).open(ann));
    expect(await instance(records).find(cookie)).toEqual(ann);
  });

  it.each([
    ['one hour after single sign-on, so that roles are read again', 1, ann],
    [
      'eight hours after a link, which works once',
      8,
      { person: { kind: 'unnamed', door: 'sign-in-link', name: 'operator' }, roles: ['operator'] },
    ],
  ] as const)('ends %s', async (_, hours, session) => {
    const records = memoryRecordStore();
    const cookie = cookieOf(await instance(records).open(session));
    expect(await instance(records, hours * hourMs - 2000).find(cookie)).toEqual(session);
    expect(await instance(records, hours * hourMs + 2000).find(cookie)).toBeNull();
  });

  it('discloses nothing about the person to the browser', async () => {
    const token = await instance(memoryRecordStore()).open(ann);
    const parts = token.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    expect(parts.join()).not.toMatch(/ann|auditor|example/);
  });

  it('of another installation, or with one changed character, is refused', async () => {
    const sessions = instance(memoryRecordStore());
    const token = await sessions.open(ann);
    expect(await instance(memoryRecordStore()).find(cookieOf(token))).toBeNull();
    for (const place of [2, 45, Math.floor(token.length / 2), token.length - 3]) {
      const altered = `${token.slice(0, place)}${token[place] === 'A' ? 'B' : 'A'}${token.slice(place + 1)}`;
      expect(await sessions.find(cookieOf(altered))).toBeNull();
    }
    for (const none of ['', 'x', 'a.b.c.d.e', 'eyJhbGciOiJub25lIn0..']) {
      expect(await sessions.find(cookieOf(none))).toBeNull();
    }
  });

  it('that was ended is refused at every instance; others stay valid', async () => {
    const records = memoryRecordStore();
    const sessions = instance(records);
    const [cookie, other] = [cookieOf(await sessions.open(ann)), cookieOf(await sessions.open(ann))];
    await sessions.end(cookie);
    await sessions.end(cookie);
    expect([await instance(records).find(cookie), await instance(records).find(other)]).toEqual([null, ann]);
  });

  it('is refused if the record of ended sessions cannot be read', async () => {
    const records = memoryRecordStore();
    const cookie = cookieOf(await instance(records).open(ann));
    const broken: RecordStore = {
      ...records,
      read: async (path) => {
        if (path === 'web/spent-tokens') throw new ServiceError('RECORD_UNREADABLE', { path, reason: 'a test' });
        return await records.read(path);
      },
    };
    await expect(instance(broken).find(cookie)).rejects.toMatchObject({ code: 'RECORD_UNREADABLE' });
  });
});

describe('a sign-in link', () => {
  it('works once across all instances, even after a restart', async () => {
    const records = memoryRecordStore();
    const code = await instance(records).offerSignIn(ann);
    const both = await Promise.all([instance(records).signIn(code), instance(records).signIn(code)]);
    expect(both.filter((token) => token !== null)).toHaveLength(1);
    expect(await instance(records).find(cookieOf(both.find((token) => token !== null) ?? null))).toEqual(ann);
    expect(await instance(records).signIn(code)).toBeNull();
  });

  it('works for ten minutes', async () => {
    const records = memoryRecordStore();
    const code = await instance(records).offerSignIn(ann);
    expect(await instance(records, 10 * 60_000 + 2000).signIn(code)).toBeNull();
  });
});

describe('the record of spent tokens', () => {
  it('drops a token after its end', async () => {
    const records = memoryRecordStore();
    const spend = async (id: string, afterMs: number) =>
      await recordedSpentTokens(records, at(afterMs)).spend(id, at(afterMs + hourMs)());
    await spend('first', 0);
    await spend('second', 2 * hourMs);
    const stored: unknown = JSON.parse(Buffer.from((await records.read('web/spent-tokens'))?.bytes ?? []).toString());
    expect(stored).toEqual({ format: 1, spent: { second: at(3 * hourMs)().toISOString() } });
  });

  it('keeps all tokens that are spent concurrently', async () => {
    const records = memoryRecordStore();
    const spent = recordedSpentTokens(records, at(0));
    const ids = Array.from({ length: 8 }, (_, index) => `token-${String(index)}`);
    expect(await Promise.all(ids.map(async (id) => await spent.spend(id, at(hourMs)())))).not.toContain(false);
    expect(await Promise.all(ids.map(async (id) => await spent.isSpent(id)))).not.toContain(false);
  });
});

describe('the session key', () => {
  const keyOf = (records: RecordStore, secret: string | null, afterMs = 0) =>
    sessionKey({
      records,
      clientSecret: secret === null ? null : () => Promise.resolve(new SecretValue(secret)),
      now: at(afterMs),
    });

  it('is the same for instances that create the record concurrently', async () => {
    const records = memoryRecordStore();
    const keys = await Promise.all([1, 2, 3].map(async () => Buffer.from(await keyOf(records, 's')()).toString('hex')));
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toHaveLength(64);
  });

  it('needs both the record and the client secret', async () => {
    const records = memoryRecordStore();
    const key = Buffer.from(await keyOf(records, 's')());
    expect(key.equals(Buffer.from(await keyOf(records, 'another')()))).toBe(false);
    expect(key.equals(Buffer.from(await keyOf(memoryRecordStore(), 's')()))).toBe(false);
    expect(key.equals(Buffer.from((await records.read('web/session-key'))?.bytes ?? []))).toBe(false);
  });

  it('stays valid while the vault with the client secret does not answer', async () => {
    let [now, fails, asked] = [0, false, 0];
    const key = sessionKey({
      records: memoryRecordStore(),
      clientSecret: () => {
        asked += 1;
        return fails ? Promise.reject(new Error('no vault')) : Promise.resolve(new SecretValue('s'));
      },
      now: () => at(now)(),
    });
    const known = await key();
    [now, fails] = [6 * 60_000, true];
    expect([await key(), await key(), asked]).toEqual([known, known, 2]);
  });

  it('is refused if the vault never answered', async () => {
    const key = sessionKey({
      records: memoryRecordStore(),
      clientSecret: () => Promise.reject(new Error('no vault')),
      now: at(0),
    });
    await expect(key()).rejects.toThrow('no vault');
  });
});

describe('signing out', () => {
  const signedIn = async () => {
    const world = webWorld();
    const cookie = cookieOf(await world.sessions.open(ann));
    return { ...world, cookie };
  };

  it('ends the session for every copy of its cookie, and clears the browser’s', async () => {
    const { send, cookie } = await signedIn();
    expect((await send('/', { headers: { cookie } })).status).toBe(200);
    const out = await send('/sign-out', { method: 'POST', headers: { cookie, origin: 'http://localhost:7071' } });
    expect([out.status, out.headers.get('set-cookie')]).toEqual([
      200,
      expect.stringMatching(/^keyturn-session=;.*Max-Age=0/),
    ]);
    expect((await send('/', { headers: { cookie } })).status).toBe(401);
  });

  it('is refused from a page of another site', async () => {
    const { send, cookie } = await signedIn();
    const out = await send('/sign-out', { method: 'POST', headers: { cookie, origin: 'https://attacker.example' } });
    expect([out.status, (await send('/', { headers: { cookie } })).status]).toEqual([403, 200]);
    expect(JSON.stringify(await out.json())).toContain('another site');
  });

  it('is offered on every page, with the person’s name', async () => {
    const { send, cookie } = await signedIn();
    const text = await (await send('/', { headers: { cookie, accept: 'text/html' } })).text();
    expect(text).toContain('action="/sign-out"');
    expect(text).toContain('ann');
    const local = webWorld({ access: { trustLoopback: true } });
    expect(await (await local.send('/', { headers: { accept: 'text/html' } })).text()).not.toContain('/sign-out');
  });

  it('and signing in lead to the platform’s pages if the platform authenticates', async () => {
    const platform = { tenantId: 't', issuers: ['', ''] as [string, string], roleNames: { auditor: [], operator: [] } };
    const { send } = webWorld({ access: { platform } });
    const out = await send('/sign-out', { method: 'POST' });
    expect([out.status, out.headers.get('location')]).toEqual([303, '/.auth/logout']);
    const into = await send('/sign-in');
    expect([into.status, into.headers.get('location')]).toEqual([303, expect.stringMatching(/^\/\.auth\/login\/aad/)]);
  });
});
