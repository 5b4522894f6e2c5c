import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { sqlServerEngine } from '../../../src/issuers/databases/sqlserver-engine.ts';
import { connectSqlServer } from '../../../src/issuers/databases/sqlserver-session.ts';
import { twoUsersIssuer } from '../../../src/issuers/databases/two-users-issuer.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { credentialIssuerContract } from '../../contracts/credential-issuer.contract.ts';
import type { IssuerWorld } from '../../contracts/issuer-world.ts';
import { bindingOf } from '../binding.ts';
import { fakeSqlServer, type SqlServerAccount } from '../fake-sqlserver.ts';
import { requestOf } from '../issue-request.ts';

for (const account of ['database', 'server'])
  credentialIssuerContract(`sqlserver with users of the ${account}`, () =>
    Promise.resolve(newWorld({ account }).world),
  );

describe('two users of SQL Server', () => {
  it('are refused while one of them can do what the other cannot', async () => {
    const { world, accounts, request } = newWorld();
    accounts['app_a']?.rights.push('GRANT EXECUTE on dbo.close_month');
    const credential = await world.issuer.issue(request, world.issuer.propose(request));
    expect(await world.issuer.verify(request, credential)).toEqual({
      outcome: 'refused',
      authenticated: true,
      reason: 'the two users cannot do the same: app_a alone has GRANT EXECUTE on dbo.close_month',
    });
  });

  it('are not called the same by an administrator who may not look', async () => {
    const { world, permissions, request } = newWorld();
    permissions.delete('VIEW DEFINITION');
    const credential = await world.issuer.issue(request, world.issuer.propose(request));
    await expect(world.issuer.verify(request, credential)).rejects.toMatchObject({
      code: 'PROVIDER_ACCESS_DENIED',
      details: { reason: 'VIEW DEFINITION is missing' },
    });
  });

  it('are not touched when the driver cannot reach the server', async () => {
    const login = { scheme: 'sqlserver', host: 'localhost', port: 1, database: 'shop', user: 'keyturn' };
    const session = { login: { ...login, password: new SecretValue('x') }, signal: AbortSignal.timeout(120_000) };
    for (const tls of ['off', { authority: null }] as const)
      await expect(connectSqlServer({ ...session, tls })).rejects.toMatchObject({
        code: 'PROVIDER_UNREACHABLE',
        details: { issuer: 'sqlserver', provider: 'localhost', reason: 'ESOCKET' },
      });
  });

  it('must run the probe', async () => {
    const { world, request } = newWorld({ probe: 'SELECT 1 FROM dbo.payroll' });
    const credential = await world.issuer.issue(request, world.issuer.propose(request));
    expect(await world.issuer.verify(request, credential)).toMatchObject({
      outcome: 'refused',
      reason: 'the server refuses app_b: the probe failed: SQL_229',
    });
    const { world: other, request: fine } = newWorld({ probe: 'SELECT 1 FROM dbo.orders' });
    const second = await other.issuer.issue(fine, other.issuer.propose(fine));
    expect(await other.issuer.verify(fine, second)).toMatchObject({ outcome: 'works' });
  });

  it('have a password refused by the server’s own rules named so', async () => {
    const { world, request, accounts } = newWorld({ alphabet: 'hexadecimal', classes: [] });
    await expect(world.issuer.issue(request, world.issuer.propose(request))).rejects.toMatchObject({
      code: 'CREDENTIAL_REFUSED_BY_PROVIDER_POLICY',
    });
    expect(accounts['app_b']).toMatchObject({ password: 'never-Used-1', mark: null });
  });

  it('leave a login of the server disabled when it has ended, and a user of the database with an unknown password', async () => {
    for (const account of ['database', 'server']) {
      const { world, request, accounts } = newWorld({ account });
      const credential = await world.issuer.issue(request, world.issuer.propose(request));
      await world.issuer.revoke({ ...request, current: credential.value }, 'app_a');
      expect(accounts['app_a']?.disabled).toBe(account === 'server');
      expect(accounts['app_a']?.password).not.toBe('first-Password-1');
    }
  });

  it('have their sessions counted only by an administrator who may see them, and ended in an emergency', async () => {
    const { world, permissions, request } = newWorld();
    const credential = await world.issuer.issue(request, world.issuer.propose(request));
    const after = { ...request, current: credential.value };
    expect(await world.issuer.revoke(after, 'app_a')).toMatchObject({ sessions: { ended: 0, open: null } });
    const { world: other, permissions: held, request: again } = newWorld();
    held.add('VIEW SERVER STATE');
    const second = await other.issuer.issue(again, other.issuer.propose(again));
    expect(await other.issuer.revoke({ ...again, current: second.value }, 'app_a')).toMatchObject({
      sessions: { ended: 0, open: 2 },
    });
    const { world: third, permissions: all, request: last } = newWorld();
    all.add('VIEW SERVER STATE').add('ALTER ANY CONNECTION');
    const value = await third.issuer.issue(last, third.issuer.propose(last));
    expect(await third.issuer.revoke({ ...last, current: value.value, emergency: true }, 'app_a')).toMatchObject({
      sessions: { ended: 2, open: 0 },
    });
    expect(permissions.has('ALTER ANY CONNECTION')).toBe(false);
  });
});

function newWorld(more: Readonly<Record<string, string | readonly string[]>> = {}) {
  const account = (password: string): SqlServerAccount => ({
    password,
    mark: null,
    disabled: false,
    rights: ['GRANT CONNECT on the database', 'GRANT SELECT on dbo.orders'],
  });
  const accounts: Record<string, SqlServerAccount> = {
    keyturn: account('administrator-4711'),
    app_a: account('first-Password-1'),
    app_b: account('never-Used-1'),
    somebody: account('untouched-1'),
  };
  const permissions = new Set(['VIEW DEFINITION']);
  const server = fakeSqlServer({ accounts, permissions, sessions: ['app_a', 'app_b', 'app_a'] });
  const url = (user: string) =>
    new SecretValue(
      `sqlserver://${user}:${encodeURIComponent(accounts[user]?.password ?? '')}@sql.example.com:1433/shop`,
    );
  const administrator = url('keyturn');
  const place = { host: 'sql.example.com', database: 'shop', administrator: 'kv-test/sql-admin' };
  const target = { ...place, users: ['app_a', 'app_b'], ...more };
  const world: IssuerWorld = {
    issuer: twoUsersIssuer({
      name: 'sqlserver',
      engine: sqlServerEngine({ randomBytes, connect: server.connect }),
      readSecret: () => Promise.resolve(administrator),
      randomBytes,
    }),
    binding: bindingOf('sqlserver', target),
    wrongTargets: [
      { ...target, users: ['app_a'] },
      { ...target, users: ['app_a', 'app_b]; DROP'] },
      { ...target, account: 'domain' },
      { ...target, tls: 'off' },
      { ...target, host: '10.0.0.4' },
      place,
    ],
    current: url('app_a'),
    currentCredentialId: 'app_a',
    opens: (value) => {
      const { username, password } = new URL(value.reveal());
      const there = accounts[username];
      return Promise.resolve(there?.password === decodeURIComponent(password) && !there.disabled);
    },
    calls: server.calls,
    loseNextAnswer: server.loseNextAnswer,
    oldEnds: 'at-revoke',
    traceable: true,
    foreign: () => Promise.resolve({ ...accounts['somebody'] }),
    stop: () => Promise.resolve(),
  };
  const request = { ...requestOf(world.binding), current: world.current, currentCredentialId: 'app_a' };
  return { world, accounts, permissions, request };
}
