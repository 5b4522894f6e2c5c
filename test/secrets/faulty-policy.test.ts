import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../src/secrets/parse-policy.ts';
import type { Vault } from '../../src/secrets/secret-reference.ts';
import { ServiceError } from '../../src/service-error.ts';

const prod: Vault = { name: 'kv-prod', url: 'https://kv-prod.vault.azure.net', resourceId: null };
const dev: Vault = { name: 'kv-dev', url: 'https://kv-dev.vault.azure.net', resourceId: null };
const parse = (text: string, vaults = [prod]) => parsePolicy(text, 'keyturn.policy.yml', vaults);

describe('a policy with faults', () => {
  it('allows a shared host only for a runner', () => {
    const text = `format: 1\nidentities:\n  aaaaaaaa-2222-3333-4444-555555555555: { role: rotator, sharedHost: true }\n`;
    expect(faultsOf(text)).toEqual([
      '3:3 identities.aaaaaaaa-2222-3333-4444-555555555555 has labels, repositories or sharedHost, which only a runner can have',
    ]);
  });

  it('is told why a namespace cannot have environments', () => {
    expect(faultsOf('format: 1\nnamespaces:\n  shop: { environments: [prod] }\n')).toEqual([
      '3:11 namespaces.shop.environments promises what no job can show: Gitea tells no environment. Remove it, and name a namespace for each environment',
    ]);
  });

  it('reports all of them in one message, each with line and column', () => {
    const text = `format: 1
secrets:
  one:
    issuer: generated
    validty: 90d
    grace: two days
  two:
    issuer: 7
    validity: 90d
    approval: [publish, delete]
  three:
    issuer: generated
    validity: 90d
    namespaces: [shop, nowhere]
namespaces:
  shop: { repository: acme/shop }
identities:
  not-an-id: { role: runner }
colour: red
`;
    expect(faultsOf(text)).toEqual([
      '3:3 secrets.one.validity is missing',
      '5:5 secrets.one.validty is an unknown key',
      '6:5 secrets.one.grace must be a whole number and one unit, such as 90d, 24h, 15m or 10s',
      '8:5 secrets.two.issuer must be a text',
      '10:25 secrets.two.approval.1 must be publish or revoke',
      '14:24 secrets.three.namespaces.1 is not a namespace of this policy',
      '16:11 namespaces.shop.repository is an unknown key',
      '18:3 identities.not-an-id must be an object id such as 11111111-2222-3333-4444-555555555555',
      '19:1 colour is an unknown key',
    ]);
  });

  it.each([
    [
      'an unknown namespace',
      'validity: 90d\n    namespaces: [nowhere]',
      '5:18 secrets.one.namespaces.0 is not a namespace of this policy',
    ],
    [
      'a validity that the rotations a day cannot keep up with',
      'validity: 12h\n    grace: 1h',
      '4:5 secrets.one.validity is so short',
    ],
    [
      'a least age that outlives the validity',
      'validity: 20d\n    minimumAge: 20d',
      '5:5 secrets.one.minimumAge must be shorter than validity (20d)',
    ],
    [
      'a grace that outlives the next version',
      'validity: 90d\n    grace: 60d',
      '5:5 secrets.one.grace must be shorter than the 60d between two rotations',
    ],
    ['a validity of years', 'validity: 9999d', '4:5 secrets.one.validity must be from 1m to 3650d'],
  ])('names %s', (_what, lines, fault) => {
    const text = `secrets:\n  one:\n    issuer: generated\n    ${lines}\nformat: 1\n`;
    expect(faultsOf(text)).toEqual([expect.stringContaining(fault)]);
  });

  it.each([
    ['a vault that the settings do not name', 'kv-other/one', 'is in a vault that is not known here'],
    ['a name without its vault where there are two', 'one', 'must name its vault'],
    ['a staging secret', 'kv-prod/rot-pending--one', 'names a staging secret'],
    ['a name that Key Vault does not know', 'kv-prod/one_two', 'must be NAME or VAULT/NAME of a secret'],
  ])('names %s', (_what, key, fault) => {
    const text = `format: 1\nsecrets:\n  ${key}: { issuer: generated, validity: 90d }\n`;
    expect(faultsOf(text, [prod, dev])).toEqual([expect.stringContaining(`3:3 secrets.${key} ${fault}`)]);
  });

  it('names a secret that is bound twice', () => {
    const text =
      'format: 1\nsecrets:\n  One: { issuer: a, validity: 90d }\n  kv-prod/one: { issuer: b, validity: 90d }\n';
    expect(faultsOf(text)).toEqual([expect.stringContaining('4:3 secrets.kv-prod/one is bound twice')]);
  });

  it('refuses a random value for a secret whose name tells of a provider, at its issuer', () => {
    const text = `format: 1
secrets:
  github-pat-3: { issuer: generated, validity: 90d }
  OrdersConnectionString:
    issuer: generated
    validity: 90d
  shop-client-secret: { issuer: generated, validity: 90d, reviewed: true }
  slack-token: { issuer: webhook, validity: 90d }
`;
    expect(faultsOf(text)).toEqual([
      expect.stringMatching(/^3:19 secrets.github-pat-3.issuer would publish a random value.* personal access token/),
      expect.stringMatching(/^5:5 secrets.OrdersConnectionString.issuer .* connection string/),
    ]);
  });

  it('refuses what only a rotation needs in a secret without an issuer', () => {
    const text = 'format: 1\nsecrets:\n  one: { validity: 90d, grace: 1h, reminders: [90d] }\n';
    expect(faultsOf(text)).toEqual([
      '3:25 secrets.one.grace needs an issuer: a secret without one is tracked and never rotated',
      '3:48 secrets.one.reminders.0 must be shorter than validity (90d)',
    ]);
    expect(faultsOf('format: 1\nsecrets:\n  one: { issuer: a, validity: 90d, reminders: [1d] }\n')).toEqual([
      expect.stringContaining('one.reminders is for a secret without an issuer'),
    ]);
  });

  it.each([
    ['no YAML', 'format: 1\nsecrets: [', /^2:\d+ /],
    ['a key given twice', 'format: 1\nformat: 1', /^2:1 .*unique/],
    ['nothing', '', /^1:1 must be a map/],
    ['a list', '- format: 1', /^1:1 must be a map/],
    ['another format', 'format: 2', /^1:1 format must be 1/],
    ['two documents', 'format: 1\n---\nformat: 1', /^2:1 /],
    ['an unknown tag', 'format: !!js/function 1', /^1:9 /],
  ])('refuses %s', (_what, text, fault) => {
    expect(faultsOf(text)[0]).toMatch(fault);
  });

  it('refuses aliases that make a small file large', () => {
    const levels = Array.from({ length: 9 }, (_, level) => {
      const of = level === 0 ? '"x"' : Array.from({ length: 9 }, () => `*l${String(level - 1)}`).join(', ');
      return `l${String(level)}: &l${String(level)} [${of}]`;
    });
    expect(faultsOf(`${levels.join('\n')}\nformat: 1`)).toEqual(['1:1 aliases are used too often, or point nowhere']);
  });

  it("does not confuse keys with JavaScript's own property names", () => {
    const faults = faultsOf('format: 1\n__proto__: { secrets: 1 }\nconstructor: 1\n');
    expect(faults.length).toBeGreaterThan(0);
    expect(({} as Record<string, unknown>)['secrets']).toBeUndefined();
  });
});

function faultsOf(text: string, vaults = [prod]): readonly string[] {
  try {
    parse(text, vaults);
  } catch (error) {
    if (ServiceError.is(error, 'POLICY_MALFORMED')) return error.details.faults;
    throw error;
  }
  throw new Error('the policy was taken');
}
