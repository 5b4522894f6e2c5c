import type { TargetValue } from '../../secrets/policy.ts';
import type { Confidence, Recognition, Sighting } from './recognition.ts';
import { formOf } from './recognise-tags.ts';
import { hasWords, plainWords } from './words-in-names.ts';

/** One kind of secret that words of a name tell of. */
interface NameRule {
  /** Whole words of the name. */
  readonly words: string;
  /** `yes`: only a PEM file; `no`: never one; left out: either. */
  readonly pem?: 'yes' | 'no';
  /** `track`: no issuer makes it, people are reminded. `unknown`: nothing may be proposed. */
  readonly issuer: string | { readonly kind: 'track' | 'unknown' };
  readonly confidence: Confidence;
  /** What the name tells of. */
  readonly is: string;
  readonly target?: (sighting: Sighting) => Readonly<Record<string, TargetValue>>;
}

const secretWords = '(?:password|passwd|pwd|pass|login|credentials?|auth|secret|url|dsn|connection(?:-string)?)';
const keyWords = '(?:keys?|connection|connection-?strings?|conn-?str|primary-key|secondary-key)';

/** Who makes the value of a secret that names one of them, and lets nobody else make it. */
const vendors =
  'adyen|akamai|algolia|amazon|anthropic|artifactory|asana|atlassian|auth0|aws|azdo|azure-?devops|bitbucket|bugsnag|buildkite|circleci|cloudflare|codecov|cohere|confluent|datadog|digital-?ocean|discord|docker|docker-?hub|dropbox|dynatrace|elastic-?cloud|fastly|figma|firebase|gcp|gemini|gh|ghcr|github|gitlab|google|grafana-?cloud|heroku|hetzner|honeycomb|hubspot|huggingface|intercom|jfrog|jira|launch-?darkly|mailchimp|mailgun|mapbox|mistral|mixpanel|mongodb-?atlas|netlify|new-?relic|newrelic|ngrok|npm|nuget|okta|openai|opsgenie|pagerduty|paypal|plaid|postmark|pypi|quay|rollbar|rubygems|salesforce|sendgrid|sentry|shopify|slack|snowflake|snyk|sonar|sonarcloud|splunk|stripe|telegram|terraform-?cloud|twilio|vercel|webex|zendesk|zoom';

const oneRepository = ({ repositories }: Sighting): Readonly<Record<string, TargetValue>> =>
  repositories.length === 1 ? { repository: repositories[0] ?? '' } : {};

/** In order: the first whose words and content type both fit decides. A provider that is named comes before a kind of value. */
const rules: readonly NameRule[] = [
  { words: 'licen[cs]e', issuer: { kind: 'track' }, confidence: 'medium', is: 'a licence, which its vendor makes' },
  {
    words: '(?:encryption|encrypting|data|column|field|backup|vault|unseal|master|root|kek|dek)-key|pepper|passphrase',
    pem: 'no',
    issuer: { kind: 'unknown' },
    confidence: 'medium',
    is: 'a key that things are encrypted with: a new one would leave them unreadable',
  },
  {
    words: `(?:${vendors})(?:-[a-z0-9]+)*-(?:token|key|keys|secret|password|pat|pass|credentials?|url|dsn|id|webhook|json)`,
    issuer: { kind: 'track' },
    confidence: 'medium',
    is: 'a credential of a vendor, which alone can make it',
  },
  {
    words: `(?:service-?bus|event-?hubs?|storage|storage-?account|blob|cosmos|cosmos-?db|signalr|iot-?hub|app-?config|app-?configuration|cognitive|notification-?hubs?|event-?grid|relay)(?:-[a-z0-9]+)?-${keyWords}`,
    pem: 'no',
    issuer: 'azure-keys',
    confidence: 'medium',
    is: 'a key of a service of Azure that has two',
    target: ({ secret }) => formOf(secret),
  },
  {
    words: 'sas|sas-?(?:token|url|key)',
    issuer: { kind: 'track' },
    confidence: 'medium',
    is: 'a shared access signature',
  },
  {
    words: '(?:gitea|forgejo)(?:-[a-z0-9]+){0,2}-token|token-(?:gitea|forgejo)',
    pem: 'no',
    issuer: 'gitea-token',
    confidence: 'medium',
    is: 'a token of Gitea',
  },
  {
    words: '(?:gitea|forgejo)(?:-[a-z0-9]+){0,2}-(?:password|pwd)',
    pem: 'no',
    issuer: 'gitea-user-password',
    confidence: 'medium',
    is: 'the password of a user of Gitea',
  },
  {
    words: 'deploy-?keys?|deployment-keys?',
    pem: 'yes',
    issuer: 'gitea-deploy-key',
    confidence: 'high',
    is: 'a deploy key, and its content type that of a private key',
    target: oneRepository,
  },
  {
    words: '(?:ssh|bastion|sftp|scp|rsync)(?:-[a-z0-9]+){0,2}-?(?:key|keys|private-key|identity|id)|ssh',
    pem: 'yes',
    issuer: 'ssh-key-pair',
    confidence: 'medium',
    is: 'an SSH key, and its content type that of a private key',
  },
  {
    words:
      '(?:sp|spn|service-?principal|entra|aad|azure-?ad|app-?registration)(?:-[a-z0-9]+){0,2}-(?:certificate|cert)',
    pem: 'yes',
    issuer: 'entra-certificate',
    confidence: 'medium',
    is: 'the certificate of a service principal',
  },
  {
    words: '(?:code|commit|image|package|cosign|gpg|apk|jar)-signing(?:-key|-secret)?|signing-certificate',
    issuer: { kind: 'track' },
    confidence: 'medium',
    is: 'a key that others know by its public half',
  },
  {
    words: '(?:sp|spn|service-?principal|entra|aad|azure-?ad|app-?registration)(?:-[a-z0-9]+){0,2}-(?:secret|password)',
    pem: 'no',
    issuer: 'entra-password',
    confidence: 'medium',
    is: 'a client secret of an application of Entra',
  },
  {
    words: `(?:redis|valkey)(?:-[a-z0-9]+){0,2}-${secretWords}`,
    pem: 'no',
    issuer: 'redis-acl',
    confidence: 'medium',
    is: 'the password of a user of Redis',
  },
  ...(
    [
      ['postgres|postgresql|pg|psql', 'postgresql', 'PostgreSQL'],
      ['mariadb', 'mariadb', 'MariaDB'],
      ['mysql', 'mysql-dual-password', 'MySQL'],
      ['mssql|sql-?server|azure-?sql', 'sqlserver', 'SQL Server'],
      ['rabbit|rabbitmq|amqp', 'rabbitmq', 'RabbitMQ'],
    ] as const
  ).map(
    ([words, issuer, server]): NameRule => ({
      words: `(?:${words})(?:-[a-z0-9]+){0,2}-${secretWords}`,
      pem: 'no',
      issuer,
      confidence: 'medium',
      is: `the password of a user of ${server}`,
    }),
  ),
  {
    words: 'web-?hook(?:-signing)?-secret',
    pem: 'no',
    issuer: 'gitea-webhook-secret',
    confidence: 'low',
    is: "the secret of a webhook, and no vendor's",
    target: oneRepository,
  },
  {
    words: 'hmac(?:-[a-z0-9]+){0,2}|(?:request-|url-|token-|jwt-|cookie-)?signing-(?:secret|key)|jwt-(?:secret|hmac)',
    pem: 'no',
    issuer: 'hmac-secret',
    confidence: 'medium',
    is: 'a key for signatures that both sides hold',
  },
  {
    words: '(?:session|cookie|csrf|xsrf)(?:-[a-z0-9]+)?-(?:key|secret|salt)',
    pem: 'no',
    issuer: 'generated',
    confidence: 'high',
    is: 'a random value that only its own readers use',
  },
];

/** What the name of a secret tells, where its content type does not say otherwise; `null` if it tells nothing. */
export function recogniseName(sighting: Sighting): Recognition | null {
  const { name, contentType } = sighting.secret;
  const words = plainWords(name);
  const isPem = contentType === 'application/x-pem-file';
  const rule = rules.find(
    ({ words: wanted, pem }) => (pem === undefined || (pem === 'yes') === isPem) && hasWords(words, wanted),
  );
  if (rule === undefined) return null;
  const { issuer, confidence, is, target } = rule;
  const because = `its name tells of ${is}`;
  if (typeof issuer !== 'string') return { kind: issuer.kind, confidence, because };
  return { kind: 'issuer', issuer, target: target?.(sighting) ?? {}, confidence, because };
}
