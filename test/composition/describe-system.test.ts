import { describe, expect, it } from 'vitest';
import { rosterOf, systemOf } from '../../src/composition/reports/describe-system.ts';
import { readSettings } from '../../src/settings/read-settings.ts';

const settings = (more: Readonly<Record<string, string>> = {}) =>
  readSettings({
    KEYTURN_VAULTS: 'https://kv.vault.azure.net',
    KEYTURN_IDENTITY_KIND: 'managed-identity',
    KEYTURN_DATA: '/data',
    ...more,
  });
const signOn = {
  KEYTURN_OPENID_ISSUER: 'https://login.example.org',
  KEYTURN_OPENID_CLIENT_ID: 'portal',
  KEYTURN_OPENID_CLIENT_SECRET: 'a-secret-of-the-portal',
  KEYTURN_OPENID_CLAIM: 'groups',
  KEYTURN_OPENID_OPERATOR_ROLE: 'acme:operators',
  KEYTURN_PUBLIC_URL: 'https://keyturn.example.org',
};

describe('what a report says of its system', () => {
  it('names Gitea where there is one', () => {
    const gitea = { KEYTURN_GITEA_URL: 'https://gitea.example.org', KEYTURN_GITEA_TOKEN: 'a-token-of-gitea' };
    expect([systemOf(settings(gitea)), systemOf(settings())]).toEqual([
      'Gitea at https://gitea.example.org',
      undefined,
    ]);
  });

  it('names the issuer and the role from which approvals come', () => {
    expect(rosterOf(settings(signOn))).toMatch(
      /accounts of https:\/\/login\.example\.org with acme:operators in the claim groups\.$/,
    );
  });

  it('says that nothing proves who approves where there is no single sign-on', () => {
    expect(rosterOf(settings())).toMatch(/no single sign-on is configured; nothing proves who that is\.$/);
  });

  it('names nobody where the claim has no role of operators', () => {
    const { KEYTURN_OPENID_OPERATOR_ROLE: _role, ...without } = signOn;
    expect(rosterOf(settings({ ...without, KEYTURN_OPENID_AUDITOR_ROLE: 'acme:auditors' }))).toMatch(
      /nobody: no role of operators is configured\.$/,
    );
  });
});
