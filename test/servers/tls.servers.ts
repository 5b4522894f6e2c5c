import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mariadbEngine } from '../../src/issuers/databases/mariadb-engine.ts';
import { postgresqlEngine } from '../../src/issuers/databases/postgresql-engine.ts';
import { redisAclIssuer } from '../../src/issuers/databases/redis-acl-issuer.ts';
import { twoUsersIssuer } from '../../src/issuers/databases/two-users-issuer.ts';
import type { CredentialIssuer } from '../../src/rotation/ports/credential-issuer.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { requestFor } from '../issuers/issue-request.ts';
import { skipUnless } from '../skip-unless.ts';
import type { LocalServer } from './local-server.ts';
import { certificateFor, type ServerCertificate } from './server-certificate.ts';
import { mariadbServer, startMariadb } from './start-mariadb.ts';
import { postgresqlPrograms, startPostgresql } from './start-postgresql.ts';
import { redisServer, startRedis } from './start-redis.ts';

const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const readSecretOf = (value: string) => () => Promise.resolve(new SecretValue(value));

interface TlsServer {
  readonly isHere: boolean;
  readonly start: (certificate: ServerCertificate) => Promise<LocalServer>;
  readonly issuer: (port: number) => CredentialIssuer;
  readonly scheme: string;
  readonly target: object;
}

const servers: Readonly<Record<string, TlsServer>> = {
  postgresql: {
    isHere: postgresqlPrograms !== null,
    start: (certificate) =>
      startPostgresql(
        [
          `create role keyturn login createrole password 'administrator'`,
          `create role app_a login password 'first'`,
          'create role app_b login',
          'create database shop owner keyturn',
        ],
        certificate,
      ),
    issuer: (port) =>
      twoUsersIssuer({
        name: 'postgresql',
        engine: postgresqlEngine({ randomBytes, answerWithinMs: 100_000 }),
        readSecret: readSecretOf(`postgresql://keyturn:administrator@localhost:${String(port)}/shop`),
        randomBytes,
      }),
    scheme: 'postgresql',
    target: { database: 'shop', users: ['app_a', 'app_b'] },
  },
  mariadb: {
    isHere: mariadbServer !== null,
    start: (certificate) =>
      startMariadb(
        [
          'create database shop',
          `create user keyturn@'%' identified by 'administrator'`,
          `grant create user, select on *.* to keyturn@'%'`,
          `create user app_a@'%' identified by 'first'`,
          `create user app_b@'%' identified by 'never-used'`,
          `grant select on shop.* to app_a@'%'`,
          `grant select on shop.* to app_b@'%'`,
        ],
        certificate,
      ),
    issuer: (port) =>
      twoUsersIssuer({
        name: 'mariadb',
        engine: mariadbEngine({ randomBytes }),
        readSecret: readSecretOf(`mysql://keyturn:administrator@localhost:${String(port)}/shop`),
        randomBytes,
      }),
    scheme: 'mysql',
    target: { database: 'shop', users: ['app_a', 'app_b'] },
  },
  'redis-acl': {
    isHere: redisServer !== null,
    start: (certificate) =>
      startRedis(
        [`user keyturn on #${hash('administrator')} -@all +acl +ping +info`, `user app_a on #${hash('first')} ~* +get`],
        { certificate },
      ),
    issuer: (port) =>
      redisAclIssuer({
        readSecret: readSecretOf(`rediss://keyturn:administrator@localhost:${String(port)}/0`),
        randomBytes,
      }),
    scheme: 'rediss',
    target: { database: 0, user: 'app_a' },
  },
};

describe.each(Object.entries(servers))('%s over TLS with a private authority', (name, { isHere, ...product }) => {
  describe(
    'with a server on loopback',
    skipUnless(isHere, 'The server is not installed (scripts/install-test-servers.sh)'),
    () => {
      let [server, foreign]: LocalServer[] = [];
      let certificate: ServerCertificate;
      let other: ServerCertificate;
      beforeAll(async () => {
        certificate = await certificateFor('localhost');
        other = await certificateFor('other.example.com');
        server = await product.start(certificate);
        foreign = await product.start(other);
      });
      afterAll(async () => {
        await server?.stop();
        await foreign?.stop();
      });

      it('signs in where the target holds the authority', async () => {
        expect(await verifyAt(server, { authority: certificate.cert })).toMatchObject({ outcome: 'works' });
      });

      it('signs in where the target names the authority’s file', async () => {
        const authorityFile = join(server?.directory ?? '', 'authority.pem');
        writeFileSync(authorityFile, certificate.cert);
        expect(await verifyAt(server, { authorityFile })).toMatchObject({ outcome: 'works' });
      });

      it.each([
        ['no authority', () => ({})],
        ['another authority', () => ({ authority: other.cert })],
      ])('sends no password to a server that it cannot check: %s', async (_, more) => {
        await expect(verifyAt(server, more())).rejects.toMatchObject({ code: 'PROVIDER_UNREACHABLE' });
      });

      it('sends no password to a server whose certificate is of another name', async () => {
        await expect(verifyAt(foreign, { authority: other.cert })).rejects.toMatchObject({
          code: 'PROVIDER_UNREACHABLE',
        });
      });

      it('says which file could not be read', async () => {
        await expect(verifyAt(server, { authorityFile: '/nowhere/authority.pem' })).rejects.toMatchObject({
          code: 'ISSUER_TARGET_REFUSED',
          details: { place: 'target.authorityFile', reason: 'could not be read: ENOENT' },
        });
      });

      async function verifyAt(at: LocalServer | undefined, more: object) {
        const port = at?.port ?? 0;
        const issuer = product.issuer(port);
        const target = { host: 'localhost', port, administrator: 'kv-test/admin', ...product.target, ...more };
        const database = name === 'redis-acl' ? '0' : 'shop';
        const value = new SecretValue(`${product.scheme}://app_a:first@localhost:${String(port)}/${database}`);
        const request = requestFor(issuer.name, target);
        return await issuer.verify({ ...request, current: value }, { credentialId: 'app_a', value });
      }
    },
  );
});
