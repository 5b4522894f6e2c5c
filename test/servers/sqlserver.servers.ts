import { randomBytes } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { sqlServerEngine } from '../../src/issuers/databases/sqlserver-engine.ts';
import { connectSqlServer } from '../../src/issuers/databases/sqlserver-session.ts';
import { twoUsersIssuer } from '../../src/issuers/databases/two-users-issuer.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { credentialIssuerContract } from '../contracts/credential-issuer.contract.ts';
import type { IssuerWorld } from '../contracts/issuer-world.ts';
import { bindingOf } from '../issuers/binding.ts';
import { skipUnless } from '../skip-unless.ts';
import { requestOf } from './rotate-in-turn.ts';

const given = URL.parse(process.env['KEYTURN_TEST_SQLSERVER_URL'] ?? '');
const unlessGiven = skipUnless(given !== null, 'No SQL Server was named (npm run test:sqlserver -- --url URL)');
const [one, other] = ['keyturn_test_a', 'keyturn_test_b'];
const first = 'First-password-of-a-test-1';

describe('SQL Server', unlessGiven, () => {
  const account = given?.searchParams.get('account') === 'server' ? 'server' : 'database';
  const tls = given?.searchParams.get('tls') === 'off' ? 'off' : 'verify';
  const place = {
    host: given?.hostname ?? '',
    port: Number(given?.port === '' ? 1433 : given?.port),
    database: decodeURIComponent(given?.pathname.slice(1) ?? ''),
  };
  const administrator = loginUrl(given?.username ?? '', decodeURIComponent(given?.password ?? ''));
  let calls = 0;

  credentialIssuerContract('sqlserver', () => newWorld());

  beforeEach(dropUsers);
  afterAll(dropUsers);

  it('refuses users that cannot do the same', async () => {
    const world = await newWorld();
    const request = requestOf(world);
    await asAdministrator([`GRANT VIEW DEFINITION TO [${one}]`]);
    const credential = await world.issuer.issue(request, world.issuer.propose(request));
    expect(await world.issuer.verify(request, credential)).toMatchObject({ outcome: 'refused', authenticated: true });
  });

  async function newWorld(): Promise<IssuerWorld> {
    await dropUsers();
    await asAdministrator([one, other].flatMap(createUser));
    const before = calls;
    const target = { ...place, tls, account, administrator: 'kv-test/admin', users: [one, other] };
    return {
      issuer: twoUsersIssuer({
        name: 'sqlserver',
        engine: sqlServerEngine({
          randomBytes,
          connect: (session) => {
            calls += 1;
            return connectSqlServer(session);
          },
        }),
        readSecret: () => Promise.resolve(administrator),
        randomBytes,
      }),
      binding: bindingOf('sqlserver', target),
      wrongTargets: [
        { ...target, users: [one] },
        { ...target, account: 'domain' },
      ],
      current: loginUrl(one, first),
      currentCredentialId: one,
      opens: async (value) => {
        const parts = new URL(value.reveal());
        const opened = await connectSqlServer(sessionOf(parts.username, decodeURIComponent(parts.password)));
        if ('refusedWith' in opened) return false;
        opened.sql.close();
        return true;
      },
      calls: () => calls - before,
      loseNextAnswer: null,
      oldEnds: 'at-revoke',
      traceable: true,
      foreign: () => Promise.resolve(null),
      stop: () => Promise.resolve(),
    };
  }

  function createUser(name: string): readonly string[] {
    return account === 'server'
      ? [`CREATE LOGIN [${name}] WITH PASSWORD = N'${first}'`, `CREATE USER [${name}] FOR LOGIN [${name}]`]
      : [`CREATE USER [${name}] WITH PASSWORD = N'${first}'`];
  }

  async function dropUsers(): Promise<void> {
    await asAdministrator(
      [one, other].flatMap((name) => [
        `DROP USER IF EXISTS [${name}]`,
        ...(account === 'server'
          ? [`IF EXISTS (SELECT 1 FROM sys.server_principals WHERE name = N'${name}') DROP LOGIN [${name}]`]
          : []),
      ]),
    );
  }

  async function asAdministrator(statements: readonly string[]): Promise<void> {
    const { username, password } = new URL(administrator.reveal());
    const opened = await connectSqlServer(sessionOf(decodeURIComponent(username), decodeURIComponent(password)));
    if ('refusedWith' in opened) throw new Error(`The login was refused: ${String(opened.refusedWith)}`);
    for (const statement of statements) await opened.sql.change(statement);
    opened.sql.close();
  }

  function sessionOf(user: string, password: string) {
    const login = { ...place, scheme: 'sqlserver', user, password: new SecretValue(password) };
    return { login, tls: tls === 'off' ? ('off' as const) : { authority: null }, signal: AbortSignal.timeout(30_000) };
  }

  function loginUrl(user: string, password: string): SecretValue {
    const credential = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
    return new SecretValue(`sqlserver://${credential}@${place.host}:${String(place.port)}/${place.database}`);
  }
});
