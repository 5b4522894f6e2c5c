import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isSignedByGitea } from '../../src/gitea/webhook-signature.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { personCalled } from '../provenance/people.ts';
import { webWorld } from './web-world.ts';

const receipt = {
  format: 1,
  job: { instance: '01234567', repositoryId: 7, runId: 55, attempt: 1, jobId: 77, taskId: 812 },
  nonce: 'a1b2c3d4',
  sequence: 1,
  vault: 'kv-test',
  secret: 'database-password',
  opaque: false,
  version: '0123456789abcdef0123456789abcdef',
  clientRequestId: '0b0e7d1c-9f5e-4f3a-8b0e-0d2a6e4c1f00',
  requests: [{ id: '5f0e7d1c-9f5e-4f3a-8b0e-0d2a6e4c1f11', status: 200, at: '2026-03-01T12:00:00.000Z' }],
  address: '203.0.113.7',
  clockOffsetMs: 12,
  previous: null,
};

describe('a delivery of Gitea', () => {
  const secret = new SecretValue('hook-secret');
  const ports = {
    checkGiteaSignature: (body: Uint8Array, signature: string | null) =>
      Promise.resolve(isSignedByGitea(body, signature, secret)),
  };
  const body = '{"action":"completed"}';
  const signature = createHmac('sha256', 'hook-secret').update(body).digest('hex');
  const post = async (headers: Record<string, string>, changed = body) => {
    const world = webWorld({ ports });
    const init = { method: 'POST', body: changed, loopback: false, headers };
    const { status } = await world.send('/events/gitea', { ...init, host: 'localhost:7071' });
    return { status, stored: world.calls.deliveries.length };
  };

  it('with a foreign Host gets 401', async () => {
    expect(await post({ 'x-gitea-event': 'workflow_job', 'x-gitea-signature': signature })).toMatchObject({
      status: 401,
    });
  });

  it.each([
    ['a missing', {}],
    ['an empty', { 'x-gitea-signature': '' }],
    ['a wrong', { 'x-gitea-signature': 'f'.repeat(64) }],
    ['a prefixed', { 'x-gitea-signature': `sha256=${signature}` }],
  ])('with %s signature gets 401 and stores nothing', async (_, headers) => {
    const world = webWorld({ ports });
    const sent = await world.send('/events/gitea', {
      method: 'POST',
      body,
      headers: { 'x-gitea-event': 'workflow_job', ...headers },
    });
    expect(sent.status).toBe(401);
    expect(world.calls.deliveries).toEqual([]);
  });

  it('with one changed byte in the body gets 401', async () => {
    const world = webWorld({ ports });
    const headers = { 'x-gitea-event': 'workflow_job', 'x-gitea-signature': signature };
    expect((await world.send('/events/gitea', { method: 'POST', body: `${body} `, headers })).status).toBe(401);
    expect((await world.send('/events/gitea', { method: 'POST', body, headers })).status).toBe(202);
    expect(world.calls.deliveries).toEqual([{ action: 'completed' }]);
  });
});

describe('posted receipts', () => {
  const authorization = `Bearer ${'a'.repeat(40)}`;
  const numbers = { taskId: 812, runId: 55, jobId: 77 };
  const post = async (body: unknown, check: typeof numbers | null = numbers, headers = { authorization }) => {
    const world = webWorld({ ports: { checkRuntimeToken: () => Promise.resolve(check) } });
    const response = await world.send('/receipts', { method: 'POST', body: JSON.stringify(body), headers });
    return { status: response.status, stored: world.calls.receipts.length };
  };

  it('are recorded if Gitea confirms the token and the numbers match', async () => {
    expect(await post({ receipts: [receipt] })).toEqual({ status: 202, stored: 1 });
  });

  it('are refused if Gitea does not confirm the token', async () => {
    expect(await post({ receipts: [receipt] }, null)).toEqual({ status: 401, stored: 0 });
  });

  it.each([{ jobId: 78 }, { runId: 56 }, { taskId: 813 }])(
    'of another job (%j) than the token are refused whole',
    async (other) => {
      const foreign = { ...receipt, job: { ...receipt.job, ...other } };
      expect(await post({ receipts: [receipt, foreign] })).toEqual({ status: 403, stored: 0 });
    },
  );

  it.each([{ attempt: 2 }, { repositoryId: 8 }])(
    'of two attempts or repositories (%j) in one post are refused whole',
    async (other) => {
      const second = { ...receipt, job: { ...receipt.job, ...other } };
      expect(await post({ receipts: [receipt, second] })).toEqual({ status: 403, stored: 0 });
    },
  );

  it.each([
    ['not-its-job', 403],
    ['too-many', 429],
  ] as const)('that are %s get %i', async (outcome, status) => {
    const ports = {
      checkRuntimeToken: () => Promise.resolve(numbers),
      recordReceipts: () => Promise.resolve(outcome),
    };
    const body = JSON.stringify({ receipts: [receipt] });
    const response = await webWorld({ ports }).send('/receipts', { method: 'POST', body, headers: { authorization } });
    expect(response.status).toBe(status);
  });

  it('of another Gitea are refused', async () => {
    expect(await post({ receipts: [{ ...receipt, job: { ...receipt.job, instance: 'ffffffff' } }] })).toMatchObject({
      status: 403,
    });
  });

  it('without a token or in another format are refused', async () => {
    expect(await post({ receipts: [receipt] }, numbers, { authorization: 'Bearer' })).toMatchObject({ status: 401 });
    expect(await post({ receipts: [{ ...receipt, value: 'x' }] })).toEqual({ status: 400, stored: 0 });
    expect(await post({ receipts: [] })).toEqual({ status: 400, stored: 0 });
  });
});

describe('a Key Vault event at a self-hosted server', () => {
  const ports = { checkEventToken: (token: string) => Promise.resolve(token === 't'.repeat(30)) };
  const headers = { authorization: `Bearer ${'t'.repeat(30)}` };

  it('is accepted only with the token of Event Grid', async () => {
    const { send, calls } = webWorld({ ports });
    const init = { method: 'POST', body: '[{"id":"1"},{"id":"2"}]' };
    expect((await send('/events/key-vault', init)).status).toBe(401);
    expect(
      (await send('/events/key-vault', { ...init, headers: { authorization: `Bearer ${'x'.repeat(30)}` } })).status,
    ).toBe(401);
    expect(calls.events).toEqual([]);
    const taken = await send('/events/key-vault', { ...init, headers });
    expect([taken.status, await taken.json()]).toEqual([200, { outcomes: ['not-due', 'not-due'] }]);
  });

  it('is refused from an account with the name of this machine', async () => {
    const { send, calls, sessions } = webWorld({ ports });
    const cookie = `keyturn-session=${await sessions.open({ person: personCalled('this machine'), roles: ['operator'] })}`;
    const sent = await send('/events/key-vault', { method: 'POST', body: '[{"id":"1"}]', headers: { cookie } });
    expect([sent.status, calls.events]).toEqual([401, []]);
  });

  it('that is not JSON gets 400', async () => {
    expect((await webWorld({ ports }).send('/events/key-vault', { method: 'POST', body: '{', headers })).status).toBe(
      400,
    );
  });

  it('echoes a validation code only for a configured vault', async () => {
    const validate = async (topic: string) => {
      const body = JSON.stringify([
        null,
        { topic, data: { validationCode: 'c0de', validationUrl: 'http://attacker.example' } },
      ]);
      const aeg = { ...headers, 'aeg-event-type': 'SubscriptionValidation' };
      return await webWorld({ ports }).send('/events/key-vault', { method: 'POST', body, headers: aeg });
    };
    expect(await (await validate('/subscriptions/1/VAULTS/KV-TEST')).json()).toEqual({ validationResponse: 'c0de' });
    expect((await validate('/subscriptions/1/vaults/another')).status).toBe(403);
  });

  it('lets only Event Grid deliver CloudEvents', async () => {
    const ask = async (origin: string) =>
      (
        await webWorld({ ports }).send('/events/key-vault', {
          method: 'OPTIONS',
          headers: { 'webhook-request-origin': origin },
        })
      ).status;
    expect([await ask('eventgrid.azure.net'), await ask('attacker.example')]).toEqual([200, 403]);
  });
});
