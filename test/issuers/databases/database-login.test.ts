import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatLogin, parseLogin } from '../../../src/issuers/databases/database-login.ts';
import { redisAclIssuer } from '../../../src/issuers/databases/redis-acl-issuer.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { contractRotation } from '../../contracts/contract-rotation.ts';
import { bindingOf } from '../binding.ts';

const place = { scheme: 'postgresql', host: 'db.example.com', port: 5432, database: 'shop' };
const login = { ...place, user: 'app_b', password: new SecretValue('new') };
const format = (inForce: string | null, form: 'url' | 'json' = 'url') =>
  formatLogin(login, form, inForce === null ? null : new SecretValue(inForce)).reveal();
const parse = (text: string) => parseLogin(new SecretValue(text), place);

describe('a database login', () => {
  it('round-trips with any password', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), fc.constantFrom('url', 'json'), (text, form) => {
        fc.pre(text.isWellFormed());
        const password = new SecretValue(text);
        const read = parseLogin(formatLogin({ ...login, password }, form, null), place);
        expect(read?.password.equals(password)).toBe(true);
        expect(read?.user).toBe('app_b');
      }),
      { seed: 7 },
    );
  });

  it('keeps the readers’ current scheme and parameters', () => {
    expect(format('postgres://app_a:old@db.example.com:5432/shop?sslmode=verify-full&application_name=x')).toBe(
      'postgres://app_b:new@db.example.com:5432/shop?sslmode=verify-full&application_name=x',
    );
    expect(format(null)).toBe('postgresql://app_b:new@db.example.com:5432/shop');
    // A current value in another form, or for another kind of server, has no influence.
    expect(format('{"host":"x"}')).toBe('postgresql://app_b:new@db.example.com:5432/shop');
    expect(format('mysql://a:b@db.example.com/shop?ssl=1')).toBe('postgresql://app_b:new@db.example.com:5432/shop');
  });

  it("keeps a JSON object's further fields, and updates its own", () => {
    const old = { sslmode: 'require', ...place, user: 'app_a', password: 'old' };
    expect(JSON.parse(format(JSON.stringify(old), 'json'))).toEqual({ ...old, user: 'app_b', password: 'new' });
  });

  it.each([
    'postgresql://app_a:old@db.example.com:5432/shop?password=old',
    'postgresql://app_a:old@db.example.com:5432/shop?sslmode=require&host=evil.example.com',
    'postgresql://app_a:old@db.example.com:5432/shop?USER=admin',
    JSON.stringify({ ...place, user: 'app_a', password: 'old-pass', uri: 'postgres://app_a:old-pass@x' }),
  ])('is refused if it names a login or a server twice: %#', (text) => {
    expect(parse(text)).toBeNull();
  });

  it.each(['postgres', 'postgresql'])('is accepted with the scheme %s', (scheme) => {
    expect(parse(`${scheme}://app_a:old@db.example.com/shop?sslmode=require`)).toMatchObject({ user: 'app_a' });
  });

  it('of Redis over TLS has its scheme, unless readers use another', () => {
    const target = { host: 'cache.example.com', database: 0, user: 'app', administrator: 'kv-test/redis-admin' };
    const issuer = redisAclIssuer({
      readSecret: () => Promise.reject(new Error('not asked')),
      randomBytes: (count) => new Uint8Array(count),
    });
    const proposed = (current: string | null, more: object = {}) =>
      issuer
        .propose({
          binding: bindingOf('redis-acl', { ...target, ...more }),
          rotationId: contractRotation,
          current: current === null ? null : new SecretValue(current),
          currentCredentialId: null,
          signal: AbortSignal.timeout(120_000),
          now: new Date('2026-03-01T00:00:00Z'),
        })
        ?.reveal()
        .split('//')[0];
    expect(proposed(null)).toBe('rediss:');
    expect(proposed('redis://app:old@cache.example.com:6379/0')).toBe('redis:');
    expect(proposed(null, { host: 'localhost', tls: 'off' })).toBe('redis:');
  });
});
