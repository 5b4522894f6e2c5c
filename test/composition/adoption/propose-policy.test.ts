import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FoundSecret, Surroundings } from '../../../src/composition/adoption/found-secret.ts';
import { proposePolicy } from '../../../src/composition/adoption/propose-policy.ts';
import { targetRules } from '../../../src/issuers/checked-targets.ts';
import { parsePolicy } from '../../../src/secrets/parse-policy.ts';

const vault = { name: 'kv-prod', url: 'https://kv-prod.vault.azure.net', resourceId: null };
const seed = Number(process.env['KEYTURN_TEST_SEED'] ?? Date.now() % 2 ** 31);
console.log(`proposed policies: KEYTURN_TEST_SEED=${String(seed)}`);

const around: Surroundings = {
  rules: targetRules(),
  giteaUrl: 'https://git.example.org',
  identities: [],
  actionsSecrets: [],
  ownRole: 'rotator',
};

function secretOf(name: string, more: Partial<FoundSecret['secret']> = {}): FoundSecret['secret'] {
  const created = new Date('2026-01-01T00:00:00Z');
  const plain = { version: '0'.repeat(32), enabled: true, notBefore: null, expires: null, created };
  return { ...plain, name, contentType: null, tags: {}, ...more };
}

function propose(name: string, more: Partial<FoundSecret['secret']> = {}, rest: Partial<FoundSecret> = {}) {
  const one = { vault: 'kv-prod', secret: secretOf(name, more), ...rest };
  const { text, proposals } = proposePolicy([one], around);
  return { text, proposed: proposals[0], policy: parsePolicy(text, 'proposed', [vault]) };
}

const tagText = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    '/subscriptions/a"b',
    '/subscriptions/a\\',
    '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a',
    'https://git.example.org/users/a\nformat: 2',
    '90',
    '0',
    '99999',
    '#',
    "'",
    'prod',
  ),
);
const found = fc.record({
  vault: fc.constant('kv-prod'),
  secret: fc
    .record({
      name: fc.oneof(
        fc.stringMatching(/^[0-9a-z-]{1,40}$/),
        fc.constantFrom(
          'a-session-key',
          'b-redis-password-prod',
          'c-stripe-api-key',
          'd-hmac-secret',
          'e-webhook-secret',
        ),
      ),
      expires: fc.option(fc.date({ min: new Date('2020-01-01'), max: new Date('2099-01-01'), noInvalidDate: true })),
      created: fc.date({ min: new Date('2015-01-01'), max: new Date('2026-01-01'), noInvalidDate: true }),
      contentType: fc.option(fc.constantFrom('application/x-pem-file', 'text/plain', 'a\nb')),
      tags: fc.dictionary(
        fc.constantFrom('ValidityPeriodDays', 'CredentialId', 'ProviderAddress', 'environment', 'owner', 'appId'),
        tagText,
      ),
    })
    .map(({ name, ...more }) => secretOf(name, more)),
  readers: fc.uniqueArray(
    fc.record({ repository: fc.constantFrom('acme/shop', 'acme/a b', '_/x', 'a\n/b'), reads: fc.nat(9) }),
    { maxLength: 2, selector: ({ repository }) => repository },
  ),
});

describe('a proposed policy', () => {
  it('is a valid policy whatever the vault and the log hold, in which no value is replaced by itself', () => {
    const secrets = fc.uniqueArray(found, { maxLength: 12, selector: ({ secret }) => secret.name });
    fc.assert(
      fc.property(secrets, (given) => {
        const { text, proposals } = proposePolicy(given, around);
        const policy = parsePolicy(text, 'proposed', [vault]);
        expect(proposals).toHaveLength(given.length);
        const complete = proposals.filter(({ kind, missing }) => kind === 'issuer' && missing.length === 0);
        expect([...policy.secrets.keys()].sort()).toEqual(complete.map(({ secret }) => secret).sort());
        for (const binding of policy.secrets.values()) {
          expect(binding).toMatchObject({ mode: 'by-hand', first: 'go' });
          expect(around.rules.issuers.get(binding.issuer)?.check(binding)).toEqual([]);
        }
      }),
      { seed, numRuns: 300 },
    );
  });

  it('tells an editor on its first line which schema it follows', () => {
    expect(propose('anything').text.split('\n', 1)[0]).toBe(
      '# yaml-language-server: $schema=./keyturn.policy.schema.json',
    );
  });

  it('only tracks a secret whose issuer needs more to be told, and says what', () => {
    const { proposed, policy, text } = propose('orders-redis-password-prod');
    expect(proposed).toMatchObject({ kind: 'issuer', issuer: 'redis-acl', confidence: 'medium' });
    expect(proposed?.missing).toContain('target.administrator is missing');
    expect(policy.secrets.size).toBe(0);
    expect(policy.tracked.get('kv-prod/orders-redis-password-prod')?.environment).toBe('prod');
    expect(text).toContain('# issuer: redis-acl');
    expect(text).toContain('target.administrator is missing');
  });

  it('takes owner, environment and validity from tags before names', () => {
    const tags = { owner: 'Team Orders', environment: 'uat', ValidityPeriodDays: '30' };
    const { policy } = propose('orders-session-key-prod', { tags });
    expect(policy.secrets.get('kv-prod/orders-session-key-prod')).toMatchObject({
      issuer: 'generated',
      owner: 'Team Orders',
      environment: 'uat',
      validityMs: 30 * 86_400_000,
    });
  });

  it('gives a secret the namespace of each repository whose jobs read it', () => {
    const readers = [
      { repository: 'acme/shop', reads: 12 },
      { repository: 'acme/orders', reads: 3 },
    ];
    const { policy, text } = propose('shop-session-key', {}, { readers });
    const binding = policy.secrets.get('kv-prod/shop-session-key');
    const allowed = binding?.namespaces.map((name) => policy.namespaces.get(name)?.repositories);
    expect(allowed).toEqual([['acme/shop'], ['acme/orders']]);
    expect(text).toContain('12 by acme/shop, 3 by acme/orders');
  });

  it('takes the deploy key of one reading repository for a key of that repository', () => {
    const readers = [{ repository: 'acme/shop', reads: 12 }];
    const { policy } = propose('shop-deploy-key', { contentType: 'application/x-pem-file' }, { readers });
    expect(policy.secrets.get('kv-prod/shop-deploy-key')?.target).toEqual({ repository: 'acme/shop' });
  });

  it('names the Actions secret that is likely a copy, and publishes nothing there by itself', () => {
    const one = {
      vault: 'kv-prod',
      secret: secretOf('shop-session-key-prod'),
      readers: [{ repository: 'acme/shop', reads: 1 }],
    };
    const actionsSecrets = [
      { repository: 'acme/shop', name: 'SHOP_SESSION_KEY' },
      { repository: 'acme/other', name: 'SHOP_SESSION_KEY' },
    ];
    const { text } = proposePolicy([one], { ...around, actionsSecrets });
    expect(text).toContain('repository: "acme/shop", name: "SHOP_SESSION_KEY"');
    expect(text).not.toContain('acme/other');
    expect(parsePolicy(text, 'proposed', [vault]).secrets.get('kv-prod/shop-session-key-prod')?.alsoPublish).toEqual(
      [],
    );
  });

  it('names runners by what their jobs show, itself by the canary, and leaves others to a person', () => {
    const id = (digit: string) => `${digit.repeat(8)}-1111-2222-3333-444444444444`;
    const plain = { reads: 7, ours: false, repositories: [], labels: [], addresses: [] };
    const identities = [
      { ...plain, objectId: id('a'), repositories: ['acme/shop'], labels: ['ubuntu'], addresses: ['10.1.0.4'] },
      { ...plain, objectId: id('b'), ours: true },
      { ...plain, objectId: id('c') },
    ];
    const { text } = proposePolicy([], { ...around, identities });
    const { identities: proposed } = parsePolicy(text, 'proposed', [vault]);
    expect(proposed.get(id('a'))).toMatchObject({ role: 'runner', runnerLabels: ['ubuntu'], repositories: [] });
    expect(proposed.get(id('b'))).toMatchObject({ role: 'rotator' });
    expect(proposed.has(id('c'))).toBe(false);
    expect(text).toContain(`# ${id('c')}`);
  });

  it('binds what a tag names as a token of a container registry', () => {
    const token =
      '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/shopimages/tokens/ci-push';
    const { policy } = propose('ci-push-password', { tags: { ProviderAddress: token } });
    expect(policy.secrets.get('kv-prod/ci-push-password')).toMatchObject({
      issuer: 'azure-registry-token',
      target: { token },
    });
  });

  it('proposes no issuer for a key that things are encrypted with', () => {
    expect(propose('orders-storage-encryption-key').proposed).toMatchObject({ kind: 'unknown' });
    expect(propose('orders-cookie-encryption-key').proposed).toMatchObject({ kind: 'unknown' });
  });

  it("proposes no issuer for a vendor's credential, whatever else its name says", () => {
    for (const name of ['stripe-webhook-secret', 'github-session-token', 'slack-signing-secret', 'npm-redis-token'])
      expect([name, propose(name).proposed?.kind]).toEqual([name, 'track']);
  });
});
