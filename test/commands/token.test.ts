import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { composeKeyturn } from '../../src/compose.ts';
import { type EmbeddedSettings, embeddedSettings } from '../functions/embedded-settings.ts';
import { callCommand } from './call-command.ts';

let service: EmbeddedSettings;
beforeAll(async () => {
  service = await embeddedSettings();
});
afterAll(async () => await service.stop());

const call = async (...words: string[]) => await callCommand(words, { environment: service.environment });

async function status(path: string, token: string): Promise<number> {
  const { keyturn } = await composeKeyturn(service.environment);
  const headers = { authorization: `Bearer ${token}`, host: 'localhost:7071' };
  return (await keyturn.handleRequest(new Request(`http://localhost:7071${path}`, { headers }), { loopback: true }))
    .status;
}

describe('keyturn token', () => {
  it('makes a token that a server over the same records takes, shows it once, and ends it', async () => {
    const made = await call('token', 'create', 'prometheus', '--scope', 'metrics', '--expires', '30d');
    const [text = ''] = made.printed;
    expect([made.code, made.printed.length]).toEqual([0, 1]);
    expect(made.said.join('\n')).toMatch(/^prometheus \([0-9a-f]+\) has the scope metrics until /);
    expect(await status('/metrics', text)).toBe(200);
    expect(await status('/secrets', text)).toBe(403);

    const listed = await call('token', 'list', '--json');
    const row = JSON.parse(listed.printed[0] ?? '') as { createdAt: string; expiresAt: string };
    expect(row).toMatchObject({ name: 'prometheus', scopes: ['metrics'], standing: 'valid' });
    expect(row).toMatchObject({ lastUsedAt: expect.stringMatching(/:00:00\.000Z$/) as string });
    expect(Date.parse(row.expiresAt) - Date.parse(row.createdAt)).toBe(30 * 86_400_000);
    const secret = text.split('_').at(-1) ?? 'none';
    expect(listed.printed.join('\n')).not.toContain(secret);

    expect((await call('token', 'revoke', 'prometheus')).code).toBe(0);
    expect(await status('/metrics', text)).toBe(401);
    expect((await call('token', 'list')).printed.join('\n')).toContain('revoked');
    expect((await call('token', 'revoke', 'prometheus')).code).toBe(1);
  });

  it('asks for the id where two tokens have one name, as while one takes the place of the other', async () => {
    const ids: string[] = [];
    for (const expires of ['1d', '2d']) {
      const { printed } = await call(
        'token',
        'create',
        'renewed',
        '--scope',
        'read,rotate',
        '--expires',
        expires,
        '--json',
      );
      ids.push((JSON.parse(printed[0] ?? '') as { id: string }).id);
    }
    const refused = await call('token', 'revoke', 'renewed');
    expect([refused.code, refused.said.join('\n')]).toEqual([2, expect.stringContaining('by id')]);
    expect((await call('token', 'revoke', ids[0] ?? '')).code).toBe(0);
    expect((await call('token', 'revoke', 'renewed')).code).toBe(0);
  });

  it.each([
    [['token', 'create', 'x'], '--scope takes'],
    [['token', 'create', 'x', '--scope', 'approve'], '--scope takes read, report, rotate, metrics'],
    [['token', 'create', 'x', '--scope', 'read', '--expires', '2y'], 'a year at most'],
    [['token', 'create', 'x', '--scope', 'read', '--expires', '400d'], 'a year at most'],
    [['token', 'create', 'x', '--scope', 'read', '--expires', '0d'], 'a year at most'],
    [['token', 'create', '--scope', 'read'], 'NAME is missing'],
    [['token', 'create', '\u001b[2J', '--scope', 'read'], 'NAME takes'],
    [['token', 'list', 'x'], 'list takes no name'],
    [['token', 'revoke', 'x', '--expires', '1d'], 'belong to create'],
    [['token', 'forge'], 'ACTION takes'],
  ])('refuses %j', async (words, reason) => {
    const { code, said } = await call(...words);
    expect([code, said.join('\n')]).toEqual([2, expect.stringContaining(reason)]);
  });
});
