import { describe, expect, it } from 'vitest';
import { comparePolicies } from '../../src/secrets/compare-policies.ts';
import { parsePolicy } from '../../src/secrets/parse-policy.ts';
import type { Vault } from '../../src/secrets/secret-reference.ts';

const vaults: readonly Vault[] = [{ name: 'kv', url: 'https://kv.vault.azure.net', resourceId: null }];

const policyOf = (secret: string, namespace = 'repositories: [acme/shop]') =>
  parsePolicy(
    `format: 1
secrets:
  token:
    validity: 90d
    namespaces: [shop]
    ${secret}
namespaces:
  shop: { ${namespace} }
`,
    'keyturn.policy.yml',
    vaults,
  );

const faultsOf = (secret: string, namespace?: string): readonly string[] => {
  try {
    policyOf(secret, namespace);
    return [];
  } catch (error) {
    return (error as { details: { faults: readonly string[] } }).details.faults;
  }
};

describe('uses of a secret in the policy', () => {
  it('are read with their defaults', () => {
    const policy = policyOf(
      "uses: [{ hosts: [api.example.com], methods: [GET], paths: ['/v1/**'], place: 'header:authorization' }]",
    );
    expect(policy.tracked.get('kv/token')).toMatchObject({
      uses: [
        {
          hosts: ['api.example.com'],
          port: 443,
          methods: ['GET'],
          paths: ['/v1/**'],
          place: 'header:authorization',
          addresses: 'public',
        },
      ],
    });
    expect(policyOf('delivery: value').tracked.get('kv/token')?.uses).toBeUndefined();
  });

  it.each([
    [
      'uses: [{ hosts: [API.example.com], methods: [GET], paths: [/], place: basic }]',
      '6:22 secrets.token.uses.0.hosts.0',
    ],
    [
      "uses: [{ hosts: ['a.example:80'], methods: [GET], paths: [/], place: basic }]",
      '6:22 secrets.token.uses.0.hosts.0',
    ],
    ['uses: [{ hosts: [], methods: [GET], paths: [/], place: basic }]', 'must name a host'],
    ['uses: [{ hosts: [a.example], methods: [CONNECT], paths: [/], place: basic }]', 'other than CONNECT'],
    ['uses: [{ hosts: [a.example], methods: [get], paths: [/], place: basic }]', 'a method in capitals'],
    ['uses: [{ hosts: [a.example], methods: [GET], paths: [v1], place: basic }]', 'must be a path'],
    ['uses: [{ hosts: [a.example], methods: [GET], paths: [/], place: cookie }]', 'must be header:NAME'],
    ["uses: [{ hosts: [a.example], methods: [GET], paths: [/], place: 'header:host' }]", 'must be header:NAME'],
    ["uses: [{ hosts: [a.example], methods: [GET], paths: [/], place: 'header:transfer-encoding' }]", 'must be header'],
    ['uses: [{ hosts: [a.example], methods: [GET], paths: [/], place: basic, port: 0 }]', 'must be 1 at least'],
    ['uses: [{ hosts: [a.example], methods: [GET], paths: [/] }]', 'uses.0.place'],
    ['uses: [{ hosts: [a.example], methods: [GET], paths: [/], place: basic, path: [/] }]', 'is an unknown key'],
    ['delivery: use', '6:5 secrets.token.delivery needs uses'],
    ['delivery: hold', 'must be use or value'],
  ])('%s is refused with its place', (secret, says) => {
    expect(faultsOf(secret).join('\n')).toContain(says);
  });

  it('are needed where a namespace lets its jobs do nothing else', () => {
    const use = "uses: [{ hosts: [a.example], methods: [GET], paths: ['/**'], place: basic }]";
    expect(faultsOf('delivery: value', 'delivery: use').join()).toContain(
      '5:18 secrets.token.namespaces.0 lets its jobs',
    );
    expect(faultsOf(use, 'delivery: use')).toEqual([]);
  });

  it('allow more when one is added, and when a value may be read again', () => {
    const use = (path: string) => `{ hosts: [a.example], methods: [GET], paths: [${path}], place: basic }`;
    const [one, two] = [policyOf(`uses: [${use('/a')}]`), policyOf(`uses: [${use('/a')}, ${use('/b')}]`)];
    expect(comparePolicies(one, two).map(({ widens }) => widens)).toEqual([true]);
    expect(comparePolicies(two, one).map(({ widens }) => widens)).toEqual([false]);
    const held = policyOf(`{ delivery: use, uses: [${use('/a')}] }`.slice(2, -2).replace(', uses', '\n    uses'));
    expect(comparePolicies(held, one)).toMatchObject([{ widens: true }]);
    expect(comparePolicies(one, held)).toMatchObject([{ widens: false }]);
  });
});
