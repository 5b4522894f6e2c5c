import { describe, expect, it } from 'vitest';
import { subjectOf } from '../../../src/web/sign-in/subject-of.ts';

const tenant = '11111111-2222-3333-4444-555555555555';
const entra = {
  iss: `https://login.microsoftonline.com/${tenant}/v2.0`,
  sub: 'pairwise',
  oid: 'OBJECT-1',
  tid: tenant,
};

describe('the subject of an ID token', () => {
  it('is the issuer and sub', () => {
    expect(subjectOf({ iss: 'https://gitea.example.org/', sub: '7', preferred_username: 'ann' })).toEqual({
      issuer: 'https://gitea.example.org',
      id: '7',
    });
  });

  it('is the issuer and oid for Entra, equal in every application of the tenant', () => {
    expect(subjectOf(entra)).toEqual({ issuer: entra.iss, id: 'object-1' });
    expect(subjectOf({ ...entra, sub: 'pairwise-of-another-application' })).toEqual(subjectOf(entra));
  });

  it.each([
    ['another issuer that claims a tenant', { iss: 'https://idp.example.org', tid: tenant }],
    ['an issuer of another tenant', { tid: '99999999-2222-3333-4444-555555555555' }],
    ['a token without an object id', { oid: undefined }],
  ])('is sub, not oid, for %s', (_, changes) => {
    expect(subjectOf({ ...entra, ...changes }).id).toBe('pairwise');
  });
});
