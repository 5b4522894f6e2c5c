import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mysqlDualPasswordIssuer } from '../../../src/issuers/databases/mysql-dual-password-issuer.ts';
import { redisAclIssuer } from '../../../src/issuers/databases/redis-acl-issuer.ts';
import { requestFor } from '../issue-request.ts';

const readSecret = () => Promise.reject(new Error('not asked'));
const mysql = mysqlDualPasswordIssuer({ readSecret, randomBytes });
const redis = redisAclIssuer({ readSecret, randomBytes });
const place = { host: 'db.example.com', database: 'shop', user: 'app', administrator: 'kv-test/admin' };
const patterns = { upper: /[A-Z]/, lower: /[a-z]/, digit: /[0-9]/, special: /[^A-Za-z0-9]/ };

function passwordOf(target: object): string {
  const url = mysql.propose(requestFor('mysql-dual-password', { ...place, ...target }))?.reveal() ?? '';
  return decodeURIComponent(new URL(url).password);
}

const faultsOf = (target: object) => mysql.check(requestFor('mysql-dual-password', { ...place, ...target }).binding);

describe('the password of a database user', () => {
  it('meets the default rules of MySQL’s validate_password without any setting', () => {
    for (let tries = 0; tries < 200; tries += 1) {
      const password = passwordOf({});
      expect(password).toHaveLength(40);
      for (const pattern of Object.values(patterns)) expect(password).toMatch(pattern);
    }
  });

  it('has the length and every class that the target asks for', () => {
    const classes = fc.uniqueArray(fc.constantFrom('upper', 'lower', 'digit', 'special'));
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 128 }), classes, (length, wanted) => {
        const password = passwordOf({ length, alphabet: 'symbols', classes: wanted });
        expect(password).toHaveLength(length);
        for (const one of wanted as (keyof typeof patterns)[]) expect(password).toMatch(patterns[one]);
      }),
      { seed: 11 },
    );
  });

  it.each([
    [{ length: 12 }, 'target.length'],
    [{ length: 16, alphabet: 'hexadecimal', classes: [] }, 'target.length'],
    [{ alphabet: 'alphanumeric', classes: ['special'] }, 'target.classes'],
    [{ classes: ['special', 'special'] }, 'target.classes'],
    [{ classes: ['umlaut'] }, 'target.classes'],
    [{ alphabet: 'emoji' }, 'target.alphabet'],
    [{ userHost: "%'; drop" }, 'target.userHost'],
    [{ probe: 'select 1; select 2' }, 'target.probe'],
    [{ authority: 'not a certificate' }, 'target.authority'],
    [{ authority: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' }, 'target.authority'],
    [{ authorityFile: 'relative.pem' }, 'target.authorityFile'],
    [{ host: '127.0.0.1', tls: 'off', authorityFile: '/etc/authority.pem' }, 'target.tls'],
    // The driver would compare the certificate with "localhost".
    [{ host: '10.0.0.4' }, 'target.host'],
  ])('is refused with its place where the target cannot be met: %j', (target, where) => {
    expect(faultsOf(target).map(({ place: at }) => at)).toContain(where);
  });

  it('of Redis is set on nodes that are named as host and port alone', () => {
    const target = { ...place, database: 0 };
    const faults = (nodes: readonly string[]) => redis.check(requestFor('redis-acl', { ...target, nodes }).binding);
    expect(faults(['cache-2.example.com:6379'])).toEqual([]);
    expect(faults(['cache-2.example.com'])).toHaveLength(1);
    expect(faults(['a:1', 'a:1'])).toHaveLength(1);
  });
});
