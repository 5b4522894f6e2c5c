import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createJobAuthority } from '../../../src/runner/use/job-authority.ts';

const now = new Date('2026-11-26T12:00:00Z');

describe('the authority of one command', () => {
  it('certifies a host by its name alone, once, as no authority', () => {
    const authority = createJobAuthority(now);
    const own = new X509Certificate(authority.certificate);
    const { certificate, key } = authority.certify('api.example.com');
    const leaf = new X509Certificate(certificate);
    expect(leaf.verify(own.publicKey)).toBe(true);
    expect(leaf.checkIssued(own)).toBe(true);
    expect(leaf.checkPrivateKey(createPrivateKey(key.export({ format: 'pem', type: 'pkcs8' })))).toBe(true);
    expect(leaf.checkHost('api.example.com')).toBe('api.example.com');
    expect(leaf.checkHost('other.example.com')).toBeUndefined();
    expect([own.ca, leaf.ca]).toEqual([true, false]);
    expect(authority.certify('api.example.com').certificate).toBe(certificate);
  });

  it('is valid from a day before until a week after', () => {
    const own = new X509Certificate(createJobAuthority(now).certificate);
    expect([new Date(own.validFrom), new Date(own.validTo)]).toEqual([
      new Date('2026-11-25T12:00:00Z'),
      new Date('2026-12-03T12:00:00Z'),
    ]);
  });

  it('is another one for each command', () => {
    const [one, other] = [createJobAuthority(now), createJobAuthority(now)];
    const leaf = new X509Certificate(one.certify('api.example.com').certificate);
    expect(leaf.verify(new X509Certificate(other.certificate).publicKey)).toBe(false);
  });
});
