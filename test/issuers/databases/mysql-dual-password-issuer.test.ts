import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { mysqlDualPasswordIssuer } from '../../../src/issuers/databases/mysql-dual-password-issuer.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { contractRotation } from '../../contracts/contract-rotation.ts';
import { credentialIssuerContract } from '../../contracts/credential-issuer.contract.ts';
import type { IssuerWorld } from '../../contracts/issuer-world.ts';
import { lossyTunnel } from '../../servers/lossy-tunnel.ts';
import { bindingOf } from '../binding.ts';
import { fakeMysql } from '../fake-mysql.ts';

credentialIssuerContract('mysql-dual-password', async () => (await newWorld()).world);

describe('a user with two passwords', () => {
  it('keeps both if the same rotation sets the new one twice', async () => {
    const { world, accounts } = await newWorld();
    const request = requestOf(world);
    const credential = await world.issuer.issue(request, world.issuer.propose(request));
    await world.issuer.issue(request, credential.value);
    expect(accounts.app.old).toBe('first-password');
    await world.stop();
  });

  it('has only the readers’ password again if the new one is withdrawn', async () => {
    const { world, accounts } = await newWorld();
    const request = requestOf(world);
    const credential = await world.issuer.issue(request, world.issuer.propose(request));
    await world.issuer.revoke(request, credential.credentialId);
    expect(accounts.app).toMatchObject({ password: 'first-password', old: null });
    await world.stop();
  });

  it.each([
    ['SELECT 1 FROM orders', { outcome: 'works' }],
    ['SELECT 1 FROM invoices', { outcome: 'refused', authenticated: true }],
  ])('must run the probe with the new password: %s', async (probe, expected) => {
    const { world } = await newWorld();
    const request = requestOf(world);
    const binding = { ...request.binding, target: { ...request.binding.target, probe } };
    const credential = await world.issuer.issue(request, world.issuer.propose(request));
    expect(await world.issuer.verify({ ...request, binding }, credential)).toMatchObject(expected);
    await world.stop();
  });

  it('is not changed if the value in force does not work and nothing could replace it', async () => {
    const { world, accounts } = await newWorld();
    const request = requestOf(world);
    const credential = await world.issuer.issue(request, world.issuer.propose(request));
    const before = { ...accounts.app };
    const wrong = new SecretValue((world.current?.reveal() ?? '').replace('first', 'wrong'));
    await expect(world.issuer.revoke({ ...request, current: wrong }, credential.credentialId)).rejects.toMatchObject({
      code: 'PROVIDER_STATE_REFUSED',
    });
    expect(accounts.app).toEqual(before);
    await world.stop();
  });
});

async function newWorld() {
  const accounts = {
    app: { password: 'first-password', old: null as string | null, attribute: null as string | null },
    keyturn: { password: 'administrator-4711', old: null, attribute: null },
    somebody: { password: 'untouched', old: null, attribute: null },
  };
  const server = await fakeMysql(accounts);
  const tunnel = await lossyTunnel(server.port);
  const url = (user: string, password: string) => `mysql://${user}:${password}@127.0.0.1:${String(tunnel.port)}/shop`;
  const administrator = new SecretValue(url('keyturn', accounts.keyturn.password));
  const place = {
    host: '127.0.0.1',
    port: tunnel.port,
    database: 'shop',
    tls: 'off',
    administrator: 'kv-test/db-admin',
  };
  const target = { ...place, user: 'app' };
  const world: IssuerWorld = {
    issuer: mysqlDualPasswordIssuer({ readSecret: () => Promise.resolve(administrator), randomBytes }),
    binding: bindingOf('mysql-dual-password', target),
    wrongTargets: [
      place,
      { ...target, user: "app'@'%" },
      { ...target, host: 'db.example.com' },
      { ...target, port: 0 },
    ],
    current: new SecretValue(url('app', 'first-password')),
    currentCredentialId: 'app',
    opens: (value) => {
      const password = decodeURIComponent(new URL(value.reveal()).password);
      return Promise.resolve([accounts.app.password, accounts.app.old].includes(password));
    },
    calls: tunnel.calls,
    loseNextAnswer: () => tunnel.loseAnswerTo('ALTER USER'),
    oldEnds: 'at-revoke',
    traceable: true,
    foreign: () => Promise.resolve({ ...accounts.somebody }),
    stop: async () => {
      await tunnel.stop();
      await server.stop();
    },
  };
  return { world, accounts };
}

function requestOf({ binding, current, currentCredentialId }: IssuerWorld) {
  const signal = AbortSignal.timeout(120_000);
  return {
    binding,
    current,
    currentCredentialId,
    rotationId: contractRotation,
    signal,
    now: new Date('2026-03-01T00:00:00Z'),
  };
}
