import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { describe, expect, it } from 'vitest';
import { bindingFor } from '../../src/secrets/binding-for.ts';
import { parsePolicy } from '../../src/secrets/parse-policy.ts';
import { policySchema } from '../../src/secrets/policy-schema.ts';
import type { Vault } from '../../src/secrets/secret-reference.ts';

const prod: Vault = { name: 'kv-prod', url: 'https://kv-prod.vault.azure.net', resourceId: null };
const parse = (text: string, vaults = [prod]) => parsePolicy(text, 'keyturn.policy.yml', vaults);

const whole = `format: 1
secrets:
  Database-Password:
    issuer: postgresql
    target: { host: db.example.org, port: 5432, users: [app_a, app_b], tls: true }
    validity: 90d
    grace: 48h
    consumersLifetime: 12h
    minimumAge: 2h
    rotationsPerDay: 1
    environment: prod
    namespaces: [shop]
    approval: [publish, revoke]
    group: database
    alsoPublish:
      - { kind: gitea-actions-secret, repository: acme/shop, name: DB_PASSWORD }
    mode: by-hand
    first: automatic
    windows:
      - { days: [sat, sun], from: '22:00', to: '04:00', timeZone: Europe/Berlin }
    check: 1h
  session-key:
    issuer: generated
    validity: 60d
namespaces:
  shop:
    repositories: [acme/shop]
    branches: [main]
identities:
  AAAAAAAA-2222-3333-4444-555555555555:
    role: runner
    labels: [prod]
    repositories: [acme/shop]
    addresses: [203.0.113.10, '2001:db8::/32']
    sharedHost: true
  BBBBBBBB-2222-3333-4444-555555555555:
    role: runner
`;

describe('a policy', () => {
  it('tracks a secret without an issuer, with its owner, its validity and when to remind people', () => {
    const { secrets, tracked } = parse(
      'format: 1\nsecrets:\n  Vendor-Key: { owner: " the shop team ", validity: 20d, environment: prod }\n',
    );
    expect(secrets.size).toBe(0);
    expect(tracked.get('kv-prod/vendor-key')).toEqual({
      vault: 'kv-prod',
      name: 'vendor-key',
      owner: 'the shop team',
      validityMs: 20 * 86_400_000,
      remindersMs: [14, 7, 1].map((days) => days * 86_400_000),
      environment: 'prod',
      namespaces: [],
    });
  });

  it('binds its secrets, with names in lower case', () => {
    const { secrets, namespaces, identities } = parse(whole);
    expect(secrets.get('kv-prod/database-password')).toEqual({
      vault: 'kv-prod',
      name: 'database-password',
      issuer: 'postgresql',
      target: { host: 'db.example.org', port: 5432, users: ['app_a', 'app_b'], tls: true },
      validityMs: 90 * 86_400_000,
      graceMs: 48 * 3_600_000,
      consumersLifetimeMs: 12 * 3_600_000,
      minimumAgeMs: 2 * 3_600_000,
      rotationsPerDay: 1,
      environment: 'prod',
      namespaces: ['shop'],
      approval: ['publish', 'revoke'],
      group: 'database',
      alsoPublish: [{ kind: 'gitea-actions-secret', repository: 'acme/shop', name: 'DB_PASSWORD' }],
      mode: 'by-hand',
      first: 'automatic',
      windows: [{ days: ['sat', 'sun'], from: '22:00', to: '04:00', timeZone: 'Europe/Berlin' }],
      checkMs: 3_600_000,
    });
    expect(namespaces.get('shop')).toEqual({
      name: 'shop',
      repositories: ['acme/shop'],
      branches: ['main'],
      events: [],
      forks: false,
      workflows: [],
      protectedBranch: false,
    });
    expect(identities.get('aaaaaaaa-2222-3333-4444-555555555555')).toMatchObject({
      role: 'runner',
      runnerLabels: ['prod'],
      addresses: ['203.0.113.10', '2001:db8::/32'],
      sharedHost: true,
    });
    expect(identities.get('bbbbbbbb-2222-3333-4444-555555555555')?.sharedHost).toBeUndefined();
  });

  it('keeps an old version for a day and rotates at most twice a day by default', () => {
    expect(parse(whole).secrets.get('kv-prod/session-key')).toMatchObject({
      target: {},
      graceMs: 86_400_000,
      consumersLifetimeMs: 86_400_000,
      minimumAgeMs: 3_600_000,
      rotationsPerDay: 2,
      environment: null,
      namespaces: [],
      approval: [],
      group: null,
      alsoPublish: [],
    });
  });

  it('finds a binding in any case, and binds nothing that it does not name', () => {
    const policy = parse(whole);
    expect(bindingFor(policy, 'KV-Prod', 'DATABASE-password')?.issuer).toBe('postgresql');
    expect(bindingFor(policy, 'kv-prod', 'other')).toBeNull();
    expect(bindingFor(policy, 'kv-dev', 'database-password')).toBeNull();
  });

  it('parses the example of docs/policy.md, which names every key of a secret', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/policy.md'), 'utf8');
    const example = /```yaml\n([^`]*)```/.exec(page)?.[1] ?? '';
    expect(parse(example).secrets.size).toBe(2);
    for (const key of Object.keys(policySchema.shape.secrets.unwrap().valueType.shape))
      expect(page).toContain(`| \`${key}\` |`);
  });

  it('may bind nothing', () => {
    expect(parse('format: 1').secrets.size).toBe(0);
  });

  it('parses any valid YAML notation', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.stringMatching(/^[0-9a-z-]{1,30}$/), { maxLength: 8 }),
        fc.integer({ min: 2, max: 3_650 }),
        (names, days) => {
          const secrets = Object.fromEntries(
            names.map((name) => [
              `kv-prod/${name}`,
              { issuer: 'generated', validity: `${String(days)}d`, grace: '1h' },
            ]),
          );
          const policy = parse(stringify({ format: 1, secrets }));
          expect([...policy.secrets.keys()].sort()).toEqual(names.map((name) => `kv-prod/${name}`).sort());
        },
      ),
    );
  });
});
