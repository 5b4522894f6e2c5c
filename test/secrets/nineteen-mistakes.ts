/** One mistake that a person made in a policy, and where it must be told. */
export interface PolicyMistake {
  readonly name: string;
  /** The whole file. */
  readonly text: string;
  /** `line:column` of the mistake, and words of what is said. */
  readonly at: string;
  readonly says: string;
}

const database = 'host: db.example.org, database: shop, users: [shop_a, shop_b], administrator: kv-prod/db-admin';

function secret(lines: string): string {
  return `format: 1\nsecrets:\n  kv-prod/one:\n${lines}`;
}

/** The nineteen that a newcomer made, in that order, and those of the same kind that are easy to make. */
export const policyMistakes: readonly PolicyMistake[] = [
  {
    name: 'a misspelt key',
    text: secret('    issuer: generated\n    validty: 90d\n    validity: 90d\n'),
    at: '5:5',
    says: 'unknown key',
  },
  {
    name: 'a bad duration',
    text: secret('    issuer: generated\n    validity: 90 days\n'),
    at: '5:5',
    says: 'a whole number and one unit',
  },
  {
    name: 'an unknown namespace',
    text: secret('    issuer: generated\n    validity: 90d\n    namespaces: [shop]\n'),
    at: '6:18',
    says: 'is not a namespace of this policy',
  },
  {
    name: 'an unknown vault',
    text: 'format: 1\nsecrets:\n  kv-prd/one: { validity: 90d }\n',
    at: '3:3',
    says: 'is in a vault that is not known here',
  },
  {
    name: 'a tab as indentation',
    text: 'format: 1\nsecrets:\n\tkv-prod/one: { validity: 90d }\n',
    at: '3:1',
    says: 'abs',
  },
  { name: 'no format', text: 'secrets: {}\n', at: '1:1', says: 'format is missing' },
  {
    name: 'text where a list belongs',
    text: secret('    issuer: generated\n    validity: 90d\n    namespaces: shop\n'),
    at: '6:5',
    says: 'must be a list',
  },
  {
    name: 'an unknown role',
    text: 'format: 1\nidentities:\n  11111111-2222-3333-4444-555555555555: { role: runer }\n',
    at: '3:43',
    says: 'role must be runner or rotator',
  },
  {
    name: 'a grace that outlives the validity',
    text: secret('    issuer: generated\n    validity: 2d\n    grace: 3d\n'),
    at: '6:5',
    says: 'must be shorter than the',
  },
  {
    name: 'a repository without its owner',
    text: 'format: 1\nnamespaces:\n  shop: { repositories: [shop] }\n',
    at: '3:26',
    says: 'a repository as owner/name',
  },
  {
    name: 'a malformed address',
    text: 'format: 1\nidentities:\n  11111111-2222-3333-4444-555555555555:\n    role: runner\n    addresses: [10.1.0.300]\n',
    at: '5:17',
    says: 'must be an IP address',
  },
  {
    name: 'a malformed name of a secret',
    text: 'format: 1\nsecrets:\n  kv-prod/one_two: { validity: 90d }\n',
    at: '3:3',
    says: 'NAME or VAULT/NAME of a secret',
  },
  { name: 'an empty file', text: '', at: '1:1', says: 'must be a map' },
  {
    name: 'an unknown issuer',
    text: secret('    issuer: postgres\n    validity: 90d\n'),
    at: '4:5',
    says: 'is not a known issuer; known are azure-keys',
  },
  {
    name: 'a misspelt field of a target',
    text: secret('    issuer: generated\n    target: { lenght: 40 }\n    validity: 90d\n'),
    at: '5:15',
    says: 'is not a field of this target',
  },
  {
    name: 'a port as text',
    text: secret(`    issuer: postgresql\n    validity: 90d\n    target: { ${database}, port: '5432' }\n`),
    at: '6:111',
    says: 'must be a whole number',
  },
  {
    name: 'user for users',
    text: secret(
      '    issuer: postgresql\n    validity: 90d\n    target: { host: db.example.org, database: shop, administrator: kv-prod/a, user: shop }\n',
    ),
    at: '6:79',
    says: 'is not a field of this target',
  },
  {
    name: 'an administrator without a vault',
    text: secret(
      '    issuer: postgresql\n    validity: 90d\n    target: { host: db.example.org, database: shop, users: [shop_a, shop_b], administrator: db-admin }\n',
    ),
    at: '6:78',
    says: 'as vault/name',
  },
  {
    name: 'a scope that Gitea does not know',
    text: secret("    issuer: gitea-token\n    target: { user: bot, scopes: ['read:repo'] }\n    validity: 90d\n"),
    at: '5:26',
    says: 'scopes such as read:repository',
  },
  {
    name: 'a further place that is not known',
    text: secret(
      '    issuer: generated\n    validity: 90d\n    alsoPublish: [{ kind: gitea-variable, repository: acme/shop, name: TOKEN }]\n',
    ),
    at: '6:21',
    says: 'must be one of gitea-actions-secret',
  },
  {
    name: 'an Actions secret with a name that Gitea refuses',
    text: secret(
      '    issuer: generated\n    validity: 90d\n    alsoPublish: [{ kind: gitea-actions-secret, repository: acme/shop, name: GITEA_TOKEN }]\n',
    ),
    at: '6:72',
    says: 'not GITEA_',
  },
];
