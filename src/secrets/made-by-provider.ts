/** A credential that only its provider can issue, with the words of names and content types that tell of it. */
interface ProviderCredential {
  readonly kind: string;
  readonly pattern: RegExp;
}

const begin = '(?:^|[^a-z0-9])';
const end = '(?:$|[^a-z0-9])';

function words(pattern: string): RegExp {
  return new RegExp(`${begin}(?:${pattern})${end}`);
}

const vendors =
  'github|gh|gitlab|bitbucket|azure-?devops|azdo|npm|nuget|pypi|docker-?hub|ghcr|acr|quay|aws|gcp|google|slack|stripe|sendgrid|twilio|datadog|cloudflare|openai|anthropic|sentry|sonar|pagerduty';

/** The narrower kind first: it is the one that a person is told. */
const credentials: readonly ProviderCredential[] = [
  { kind: 'a certificate', pattern: /^application\/x-(?:pkcs12|pem-file)$/ },
  { kind: 'a personal access token', pattern: words('pat|personal-?access-?token') },
  { kind: 'a connection string', pattern: words('connection-?strings?|conn-?str(?:ing)?s?') },
  { kind: 'a client secret', pattern: words('client-?secrets?') },
  {
    kind: 'a key of a storage account or another Azure service',
    pattern: words('account-?keys?|storage-?keys?|shared-?access-?keys?|sas|sas-?(?:token|url|key)'),
  },
  { kind: 'a service account key', pattern: words('service-?account-?(?:key|json)') },
  { kind: 'an access token', pattern: words('access-?key-?ids?|secret-?access-?keys?|(?:access|refresh)-?tokens?') },
  {
    kind: 'a credential of a vendor',
    pattern: words(`(?:${vendors})(?:-[a-z0-9]+)*?-(?:token|key|secret|password|credentials?)s?`),
  },
];

/**
 * Says which kind of credential the name or the content type of a secret tells of, if it is one that only a provider can
 * issue: a random value in its place works nowhere. Returns `null` if it tells of none. Knows common words alone and asks
 * nobody. `AccountKey`, `account_key` and `account-key` are one.
 */
export function providerCredentialIn(text: string): string | null {
  const plain = text
    .trim()
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase();
  return credentials.find(({ pattern }) => pattern.test(plain))?.kind ?? null;
}
